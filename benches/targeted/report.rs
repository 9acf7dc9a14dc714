//! What was measured, for people, for programs and as a picture.

use serde_json::json;
use vmdq_bench::{Goal, Line, Mode, Panel, Sample, Scale, draw, judge, table};

use crate::way::WAYS;
use crate::{Row, SIZES};

/// Shows everything; an error if a goal is missed.
pub(crate) fn show(rows: &[Row], as_json: bool) -> Result<(), String> {
    let goals = goals(rows);
    if as_json {
        print_json(rows, &goals)
    } else {
        print_table(rows)
    }
    plot(rows).map_err(|error| format!("no plot: {error}"))?;
    if judge(&goals, as_json) { Ok(()) } else { Err("a goal is missed".into()) }
}

/// What targeted receive is for.
fn goals(rows: &[Row]) -> Vec<Goal> {
    let copied = |way| {
        let all = rows.iter().filter(|row| row.way == way).map(|row| row.copied);
        Some(all.fold(0.0, f64::max))
    };
    vec![
        Goal::most("targeted: bytes copied by software for a frame", 0.0, copied(1)),
        Goal::most("header fetched: bytes copied for a frame", 64.0, copied(2)),
    ]
}

const fn guest(reads: bool) -> &'static str {
    if reads { "guest reads" } else { "guest does not read" }
}

fn print_json(rows: &[Row], goals: &[Goal]) {
    let rows: Vec<_> = rows
        .iter()
        .flat_map(|row| {
            Mode::ALL.iter().enumerate().map(|(at, mode)| {
                json!({"way": WAYS[row.way].0, "frame_bytes": row.size, "guest_reads": row.reads,
                       "caches": mode.name(), "ns_per_frame": row.ns[at].json(),
                       "ratio_to_copy": row.ratio[at].json(), "instructions_per_frame": row.instructions,
                       "copied_bytes": row.copied, "replicated_bytes": row.replicated})
            })
        })
        .collect();
    let goals: Vec<_> = goals.iter().map(Goal::json).collect();
    println!("{}", json!({"rows": rows, "goals": goals}));
}

fn print_table(rows: &[Row]) {
    println!("for each frame: ns (ratio to the copy, p10..p90)");
    for reads in [false, true] {
        let [first, second] = Mode::ALL.map(Mode::name);
        let head = [guest(reads), "bytes", "copied", "replicated", "instr.", first, second];
        let line = |row: &Row| {
            let time = |at: usize| {
                let Sample { p10, median, p90 } = row.ratio[at];
                format!("{:.1} ({median:.2}, {p10:.2}..{p90:.2})", row.ns[at].median)
            };
            vec![
                WAYS[row.way].0.to_owned(),
                row.size.to_string(),
                format!("{:.1}", row.copied),
                format!("{:.1}", row.replicated),
                row.instructions.map_or("no valgrind".into(), |count| format!("{count:.1}")),
                time(0),
                time(1),
            ]
        };
        print!("{}", table(&head, 1, rows.iter().filter(|row| row.reads == reads).map(line)));
    }
}

fn plot(rows: &[Row]) -> Result<(), Box<dyn std::error::Error>> {
    for (at, mode) in Mode::ALL.iter().enumerate() {
        let lines: Vec<Line> = (0..WAYS.len())
            .flat_map(|way| [false, true].map(|reads| (way, reads)))
            .map(|(way, reads)| {
                let of = |size: usize| {
                    let row = rows.iter().find(|row| (row.way, row.reads, row.size) == (way, reads, size))?;
                    Some((size as f64, row.ns[at].median))
                };
                let points = SIZES.iter().filter_map(|&size| of(size)).collect();
                Line { name: format!("{}, {}", WAYS[way].0, guest(reads)), points }
            })
            .collect();
        let title = format!("From the ring to the virtual machine, caches {}", mode.name());
        let (x, y) = ("bytes of a frame", "ns for each frame");
        let panel = Panel { title: &title, x, y, scale: Scale::Logarithmic, lines };
        draw(&format!("targeted_{}_ns", mode.name()), &[panel])?;
    }
    Ok(())
}
