//! The services around the Web API, over real HTTP: sign-in, discovery, Insider One, faults, the program.
mod authorize;
mod device;
mod environments;
mod faults;
mod inputs;
mod insider;
mod program;
mod support;
mod token;
