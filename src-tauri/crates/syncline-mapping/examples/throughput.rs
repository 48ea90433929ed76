//! Measures records mapped a second on one core, and its parts: `cargo run --release -p syncline-mapping --example throughput`.
//!
//! It goes by the processor's time where the system tells it (Linux), so that other work on the machine counts for less.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measuring tool prints and may stop")]

#[path = "../../../../tests/bench/wide.rs"]
mod wide;

use std::hint::black_box;
use std::time::Instant;
use syncline_mapping::compile;
use syncline_model::{SyncDefinition, System};

/// Seconds of the processor that this process took; of the clock where they are not known.
fn spent(begun: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split_whitespace().next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| begun.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

fn main() {
    let begun = Instant::now();
    let material = wide::material(5000);
    let now = "2026-11-18T10:30:00Z".parse().expect("a time");
    let all = material.definition.clone();
    let mut without_phone = all.clone();
    without_phone.identifiers.retain(|identifier| identifier.to != "phone_number");
    let without_events = SyncDefinition { events: None, ..without_phone.clone() };
    for (name, definition) in
        [("all", all), ("without phone", without_phone), ("without phone and event", without_events)]
    {
        let mapping = compile(&definition, &material.source, &material.destination, System::Insider)
            .expect("the definition fits")
            .mapping;
        let mut rates: Vec<f64> = (0..5)
            .map(|_| {
                let start = spent(begun);
                for _ in 0..20 {
                    for record in &material.records {
                        black_box(mapping.apply(black_box(record), now));
                    }
                }
                100_000.0 / (spent(begun) - start)
            })
            .collect();
        rates.sort_by(f64::total_cmp);
        println!("{name:<25} best {:.0}, median {:.0} records a second", rates[4], rates[2]);
    }
    println!("{} bytes a record", material.records[0].raw.get().len());
}
