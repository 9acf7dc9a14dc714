//! Classification by address and VLAN: time and instructions for each frame, beside other tables.
//!
//! `cargo bench -p vmdq-bench --bench classify [-- --json]`. Each query reads its key from a header.
//! Subjects and sizes alternate in one process, and ratios are taken repetition by repetition;
//! instructions are callgrind's. Fails if a goal is missed, or if two tables don't agree.

mod subject;

use std::process::ExitCode;

use serde_json::json;
use subject::{NAMES, Query, SIZES, Subject, subject};
use vmdq_bench::{
    Goal, Line, Panel, Sample, Scale, arguments, count_subjects, draw, judge, measured_region, ns, table,
};
use vmdq_core::classify::Key;

/// As many as stay in the cache with their headers: what is measured is the look-up.
const QUERIES: usize = 1 << 13;
const REPETITIONS: usize = 401;
/// How many times a table is filled.
const FILLED: usize = 51;

fn main() -> ExitCode {
    let args = arguments();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--count", number, size] => count(number, size),
        [] => report(false),
        ["--json"] => report(true),
        _ => {
            eprintln!("usage: classify [--json]");
            ExitCode::FAILURE
        }
    }
}

/// An address of one vendor and a VLAN, in a header.
fn any_query(random: &mut fastrand::Rng) -> Query {
    let [a, b, c, ..] = random.u32(..).to_le_bytes();
    Query { header: [2, 0x1b, 0x21, a, b, c, 2, 0, 0, 0, 0, 1, 8, 0], tag: random.u16(..) }
}

fn key(query: &Query) -> Key {
    Key::destination(&query.header, Some(query.tag))
}

/// Filters, and queries of which one in ten matches none.
fn workload(size: usize) -> (Vec<(Key, u16)>, Vec<Query>) {
    let mut random = fastrand::Rng::with_seed(size as u64);
    let bound: Vec<Query> = (0..size).map(|_| any_query(&mut random)).collect();
    let filters = bound.iter().zip(1..).map(|(query, queue)| (key(query), queue)).collect();
    let queries = (0..QUERIES).map(|_| match random.u8(..10) {
        0 => any_query(&mut random),
        _ => Query { ..*random.choice(&bound).expect("filters") },
    });
    (filters, queries.collect())
}

/// Runs one subject, for callgrind.
fn count(number: &str, size: &str) -> ExitCode {
    let (Ok(number), Ok(size)) = (number.parse(), size.parse()) else { return ExitCode::FAILURE };
    let (filters, queries) = workload(size);
    let Some(subject) = subject(number, &filters) else { return ExitCode::FAILURE };
    measured_region(&mut || {
        std::hint::black_box(subject.sum(&queries));
    });
    ExitCode::SUCCESS
}

/// All subjects for one number of filters.
struct Field {
    size: usize,
    queries: Vec<Query>,
    /// Nanoseconds to fill each subject, for each filter.
    filling: [Sample; NAMES.len()],
    subjects: Vec<Box<dyn Subject>>,
    /// Nanoseconds for each query, by subject and repetition.
    times: Vec<Vec<f64>>,
    /// What each subject adds up to.
    sums: [u64; NAMES.len()],
}

/// Times the filling of one subject, one filter after the other.
fn filling(number: usize, filters: &[(Key, u16)]) -> Sample {
    let fill = |_| ns(&mut || drop(subject(number, filters))) / filters.len() as f64;
    Sample::of(&(0..FILLED).map(fill).collect::<Vec<_>>())
}

struct Row {
    size: usize,
    name: &'static str,
    ns: Sample,
    /// Time of ours to this one's.
    ours: Sample,
    count: Option<f64>,
    filling: Sample,
}

fn report(as_json: bool) -> ExitCode {
    let counts = match count_subjects(NAMES.len(), &SIZES) {
        Ok(counts) => counts,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut agreed = true;
    let mut fields: Vec<Field> = SIZES
        .iter()
        .map(|&size| {
            let (filters, queries) = workload(size);
            let subjects =
                (0..NAMES.len()).map(|number| subject(number, &filters).expect("a size")).collect();
            let filling = std::array::from_fn(|number| filling(number, &filters));
            Field {
                size,
                queries,
                filling,
                subjects,
                times: vec![Vec::new(); NAMES.len()],
                sums: [0; NAMES.len()],
            }
        })
        .collect();
    for _ in 0..REPETITIONS {
        // The sizes of one subject beside each other: whether it is flat is a goal.
        for number in 0..NAMES.len() {
            for Field { queries, subjects, times, sums, .. } in &mut fields {
                let subject = &subjects[number];
                let warm = subject.sum(queries);
                let time = ns(&mut || sums[number] = subject.sum(queries));
                assert_eq!(sums[number], warm, "{} changed its mind", NAMES[number]);
                times[number].push(time / QUERIES as f64);
            }
        }
    }
    for Field { size, sums, .. } in &fields {
        if sums.iter().any(|sum| *sum != sums[0]) {
            eprintln!("the tables of {size} filters don't agree: {sums:?}");
            agreed = false;
        }
    }
    // Each size's time to that of all sizes in the same repetition.
    let flat: Vec<f64> = fields
        .iter()
        .map(|field| {
            let all: Vec<f64> =
                (0..REPETITIONS).map(|i| fields.iter().map(|field| field.times[0][i]).sum()).collect();
            Sample::of_ratios(&field.times[0], &all).median
        })
        .collect();
    let rows: Vec<Row> = fields
        .iter()
        .enumerate()
        .flat_map(|(at, Field { size, times, filling, .. })| {
            let counts = counts.as_deref();
            NAMES.iter().enumerate().map(move |(number, name)| Row {
                size: *size,
                name,
                ns: Sample::of(&times[number]),
                ours: Sample::of_ratios(&times[0], &times[number]),
                count: counts.map(|counts| counts[at * NAMES.len() + number] / QUERIES as f64),
                filling: filling[number],
            })
        })
        .collect();
    let goals = goals(&rows, &flat);
    if let Err(error) = plot(&rows) {
        eprintln!("no plot: {error}");
        agreed = false;
    }
    if as_json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({"filters": row.size, "table": row.name, "ns_per_frame": row.ns.json(),
                       "exact_table_to_this": row.ours.json(), "instructions_per_frame": row.count,
                       "ns_per_insertion": row.filling.json()})
            })
            .collect();
        let goals: Vec<_> = goals.iter().map(Goal::json).collect();
        println!("{}", json!({"avx2": cfg!(target_feature = "avx2"), "rows": rows, "goals": goals}));
    } else {
        println!("built {} AVX2", if cfg!(target_feature = "avx2") { "with" } else { "without" });
        let head = [
            "table",
            "filters",
            "ns/frame",
            "p10..p90",
            "ours/this",
            "p10..p90",
            "instr/frame",
            "ns/insertion",
        ];
        let line = |Row { size, name, ns, ours, count, filling }: &Row| {
            vec![
                (*name).to_owned(),
                size.to_string(),
                format!("{:.2}", ns.median),
                format!("{:.2}..{:.2}", ns.p10, ns.p90),
                format!("{:.2}", ours.median),
                format!("{:.2}..{:.2}", ours.p10, ours.p90),
                count.map_or("no valgrind".into(), |count| format!("{count:.1}")),
                format!("{:.0}", filling.median),
            ]
        };
        print!("{}", table(&head, 1, rows.iter().map(line)));
    }
    if judge(&goals, as_json) && agreed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The least and the greatest of some numbers.
fn extremes(numbers: &[f64]) -> (f64, f64) {
    numbers.iter().fold((f64::MAX, f64::MIN), |(least, most), &number| (least.min(number), most.max(number)))
}

fn goals(rows: &[Row], flat: &[f64]) -> Vec<Goal> {
    let of = |number: usize| rows.iter().filter(move |row| row.name == NAMES[number]);
    let counts: Option<Vec<f64>> = of(0).map(|row| row.count).collect();
    let mut goals = vec![
        Goal::most(
            "exact table: instructions for each frame",
            24.0,
            counts.as_deref().map(|counts| extremes(counts).1),
        ),
        Goal::most(
            "exact table: instructions, most to fewest of all sizes",
            1.1,
            counts.as_deref().map(extremes).map(|(fewest, most)| most / fewest),
        ),
        Goal::most(
            "exact table: time, slowest to fastest of all sizes",
            1.1,
            Some(extremes(flat)).map(|(fastest, slowest)| slowest / fastest),
        ),
    ];
    for (number, limit) in [(1, 0.6), (2, 0.25)] {
        goals.extend(of(number).map(|row| {
            let name = format!("exact table: time to {}'s, {} filters", row.name, row.size);
            Goal::most(name, limit, Some(row.ours.median))
        }));
    }
    goals
}

fn plot(rows: &[Row]) -> Result<(), Box<dyn std::error::Error>> {
    let lines = |y: fn(&Row) -> Option<f64>| -> Vec<Line> {
        NAMES
            .iter()
            .map(|&name| Line {
                name: name.into(),
                points: rows
                    .iter()
                    .filter(|row| row.name == name)
                    .filter_map(|row| Some((row.size as f64, y(row)?)))
                    .collect(),
            })
            .collect()
    };
    let panel = |y, lines| {
        let (title, x) = ("Address and VLAN to queue", "filters");
        Panel { title, x, y, scale: Scale::Logarithmic, lines }
    };
    draw("classify_ns", &[panel("ns for each frame", lines(|row| Some(row.ns.median)))])?;
    draw("classify_instructions", &[panel("instructions for each frame", lines(|row| row.count))])?;
    Ok(())
}
