//! `syncline connection …`.

use clap::{Args, Subcommand};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use syncline_api::ApiError;
use syncline_api::wire::{ConnectionRef, ConnectionTest, ConnectionView, Empty, Forgotten};
use syncline_model::{ConnectionStatus, ErrorCode};

use crate::context::{Context, read_optional_secret, read_secret};
use crate::{exit, output};

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Save a new connection; read-only unless --writable
    Add(Box<Save>),
    /// List connections
    List,
    /// Show one
    Show {
        /// Name
        name: String,
    },
    /// Sign in silently and ask who it is
    Test {
        /// Name
        name: String,
    },
    /// Change a saved connection
    Set(Box<Save>),
    /// Remove a connection with its tokens, cached records, plans and runs
    Forget {
        /// Name
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
pub(crate) struct Save {
    /// Name
    name: String,
    /// dataverse, insider, postgres, sqlite, csv or jsonl
    #[arg(long, value_parser = ["dataverse", "insider", "postgres", "sqlite", "csv", "jsonl"])]
    system: Option<String>,
    /// Address in any form, for PostgreSQL postgres://user@host:5432/database without password; for files a path
    #[arg(long)]
    url: Option<String>,
    /// authorization-code, device-code, client-credentials, access-token or none
    #[arg(long, value_parser = ["authorization-code", "device-code", "client-credentials", "access-token", "none"])]
    auth: Option<String>,
    /// Root of the sign-in service
    #[arg(long)]
    authority: Option<String>,
    /// Tenant id or domain
    #[arg(long)]
    tenant: Option<String>,
    /// Client id of the app registration, or client_id@tenant_id
    #[arg(long)]
    client_id: Option<String>,
    /// Scope; may be given several times
    #[arg(long = "scope")]
    scopes: Vec<String>,
    /// Web API version such as v9.2
    #[arg(long)]
    api_version: Option<String>,
    /// production, sandbox or development
    #[arg(long, value_parser = ["production", "sandbox", "development"])]
    kind: Option<String>,
    /// Client this connection belongs to
    #[arg(long)]
    client: Option<String>,
    /// Colour as #rrggbb
    #[arg(long)]
    colour: Option<String>,
    /// New name
    #[arg(long)]
    rename: Option<String>,
    /// May be written to
    #[arg(long, conflicts_with = "read_only")]
    writable: bool,
    /// May not be written to
    #[arg(long)]
    read_only: bool,
    /// Read the client secret, access token, request token or database password from standard input
    #[arg(long)]
    secret_stdin: bool,
    /// System-specific setting K=V; may be given several times
    #[arg(long = "option", value_name = "K=V")]
    options: Vec<String>,
}

impl Save {
    /// The request. The secret is put into JSON only here, on its way to the keychain within this process.
    fn request(self, create: bool) -> Result<serde_json::Value, ApiError> {
        let mut options = BTreeMap::new();
        for option in &self.options {
            let (key, value) = option.split_once('=').ok_or_else(|| {
                ApiError::new(ErrorCode::Usage, format!("not a setting: {option}"))
                    .hint("write it as --option KEY=VALUE")
            })?;
            options.insert(key.to_owned(), value.to_owned());
        }
        let writable = match (self.writable, self.read_only) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        };
        let needs_secret = create
            && !self.secret_stdin
            && std::io::stdin().is_terminal()
            && matches!(self.auth.as_deref(), Some("client-credentials" | "access-token"));
        let may_have_one = create && !self.secret_stdin && std::io::stdin().is_terminal();
        let secret = if may_have_one && self.system.as_deref() == Some("postgres") {
            read_optional_secret("Password (not shown; Enter alone: none): ")?
        } else {
            (self.secret_stdin || needs_secret)
                .then(|| read_secret(self.secret_stdin, "Secret (not shown): "))
                .transpose()?
        };
        let scopes = (!self.scopes.is_empty()).then_some(self.scopes);
        let mut request = serde_json::json!({
            "name": self.name, "rename": self.rename, "create": create, "system": self.system, "url": self.url,
            "auth": self.auth, "authority": self.authority, "tenant": self.tenant, "client_id": self.client_id,
            "scopes": scopes, "api_version": self.api_version, "kind": self.kind, "client": self.client,
            "colour": self.colour, "writable": writable, "options": options,
        });
        if let Some(secret) = secret {
            request["secret"] = secret.expose().into();
        }
        Ok(request)
    }
}

pub(crate) async fn run(verb: Verb, context: &Context) -> Result<u8, ApiError> {
    match verb {
        Verb::Add(arguments) => {
            show(&context.call("connections.save", &arguments.request(true)?).await?, context)
        }
        Verb::Set(arguments) => {
            show(&context.call("connections.save", &arguments.request(false)?).await?, context)
        }
        Verb::Show { name } => {
            show(&context.call("connections.get", &ConnectionRef { connection: name }).await?, context)
        }
        Verb::List => list(context).await?,
        Verb::Test { name } => return test(name, context).await,
        Verb::Forget { name, yes } => forget(name, yes, context).await?,
    }
    Ok(exit::DONE)
}

fn show(view: &ConnectionView, context: &Context) {
    if context.json {
        output::json(view);
        return;
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let identity = view.identity.clone().unwrap_or_default();
    let rows = [
        ("name", view.name.clone()),
        ("system", view.system.as_str().to_owned()),
        ("url", view.url.clone()),
        ("sign-in", view.auth.as_str().to_owned()),
        ("client", text(&view.client)),
        ("kind", word(&view.kind)),
        ("writing", if view.writable { "allowed" } else { "read-only" }.to_owned()),
        ("status", format!("{}: {}", word(&view.status), view.status_message)),
        ("user", text(&identity.user_name)),
        ("organization", text(&identity.organization_id)),
        ("cached records", view.cached_records.to_string()),
    ];
    for (name, value) in rows {
        output::line(&format!("{name:<15} {value}"));
    }
}

/// A word of an enumeration as it stands in JSON.
fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

async fn list(context: &Context) -> Result<(), ApiError> {
    let all: Vec<ConnectionView> = context.call("connections.list", &Empty {}).await?;
    if context.json {
        output::json(&all);
        return Ok(());
    }
    output::table(
        &["name", "client", "system", "kind", "writing", "status", "user", "cached"],
        all.into_iter().map(|view| {
            vec![
                view.name,
                view.client.unwrap_or_default(),
                view.system.as_str().to_owned(),
                word(&view.kind),
                if view.writable { "allowed" } else { "read-only" }.to_owned(),
                word(&view.status),
                view.identity.and_then(|identity| identity.user_name).unwrap_or_default(),
                view.cached_records.to_string(),
            ]
        }),
    );
    Ok(())
}

async fn test(name: String, context: &Context) -> Result<u8, ApiError> {
    let test: ConnectionTest = context.call("connections.test", &ConnectionRef { connection: name }).await?;
    if context.json {
        output::json(&test);
    } else {
        let identity = test.identity.clone().unwrap_or_default();
        output::line(&format!(
            "{}: {}",
            word(&test.status),
            identity
                .user_name
                .or(identity.user_id)
                .or(identity.organization_id)
                .unwrap_or_else(|| "nobody".to_owned())
        ));
        if let Some(error) = &test.error {
            output::failure(error, false);
        }
    }
    Ok(match (&test.status, &test.error) {
        (ConnectionStatus::Verified, _) => exit::DONE,
        (_, Some(error)) => exit::code_of(error),
        (ConnectionStatus::Unverified | ConnectionStatus::Broken, None) => exit::FAILED,
    })
}

async fn forget(name: String, yes: bool, context: &Context) -> Result<(), ApiError> {
    let view: ConnectionView =
        context.call("connections.get", &ConnectionRef { connection: name.clone() }).await?;
    if !yes {
        if !std::io::stdin().is_terminal() {
            return Err(ApiError::new(
                ErrorCode::Usage,
                format!("{name} is forgotten only when asked twice"),
            )
            .hint("add --yes to remove its tokens, cached records, plans and runs"));
        }
        eprint!(
            "Forget {name} ({}) with {} cached records, its tokens, plans and runs? Type the name to go on: ",
            view.url, view.cached_records
        );
        // A prompt that can't be shown is followed by an answer that does not fit.
        let _ = std::io::stderr().flush();
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        if read.is_err() || answer.trim() != name {
            return Err(ApiError::new(ErrorCode::Cancelled, "nothing was forgotten"));
        }
    }
    let counts: Forgotten =
        context.call("connections.forget", &ConnectionRef { connection: name.clone() }).await?;
    if context.json {
        output::json(&counts);
    } else {
        output::line(&format!(
            "forgot {name}: {} secrets, {} records of {} entities, {} plans, {} runs",
            counts.secrets, counts.records, counts.entities, counts.plans, counts.runs
        ));
    }
    Ok(())
}
