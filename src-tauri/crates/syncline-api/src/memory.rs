//! How the C library shares memory out among threads.

/// To be called when a program begins, before it has threads. Linux' C library gives threads a stock of memory each, up to eight a
/// processor, and what one gives back the others do not get: work that goes from thread to thread then holds several times what it needs.
/// Two stocks serve a pull as fast as many.
pub fn share_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const STOCKS: libc::c_int = 2;
        // SAFETY: sets a number of the allocator; it fails for numbers it does not take, and then all stays as it was.
        #[allow(unsafe_code, reason = "the C library has no other way to be told")]
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, STOCKS);
        }
    }
}
