//! Tables of results that fit the terminal.

use std::io;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use terminal_size::{Width, terminal_size_of};

use crate::goal::Goal;

/// Columns where the output is no terminal.
const ELSEWHERE: u16 = 160;

/// Lays a table out for standard output; all but the first `text` columns hold numbers. What is too
/// wide goes on below. Each line ends with a line feed.
#[must_use]
pub fn table(head: &[&str], text: usize, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    lay_out(head, text, rows, terminal_size_of(io::stdout()).map_or(ELSEWHERE, |(Width(width), _)| width))
}

/// Lays out goals, what was measured for each, and whether it was met.
#[must_use]
pub fn goal_table<'a>(goals: impl IntoIterator<Item = &'a Goal>) -> String {
    table(&["goal", "bound", "measured", ""], 1, goals.into_iter().map(Goal::row))
}

fn lay_out(head: &[&str], text: usize, rows: impl IntoIterator<Item = Vec<String>>, width: u16) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table.set_header(head).add_rows(rows);
    let last = head.len().saturating_sub(1);
    for column in table.column_iter_mut() {
        column.set_padding((0, u16::from(column.index != last)));
        if column.index >= text {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_wide_goes_on_below() {
        let rows = || [vec!["a subject of several words".to_owned(), "1.25".to_owned(), "3".to_owned()]];
        let of = |width| lay_out(&["subject", "ns/frame", "count"], 1, rows(), width);
        assert_eq!(
            of(80),
            "subject                    ns/frame count\na subject of several words     1.25     3\n"
        );
        let narrow = of(30);
        assert!(narrow.lines().all(|line| line.chars().count() <= 30), "{narrow}");
        assert!(narrow.lines().count() > 2 && narrow.contains("ns/frame"), "{narrow}");
    }

    #[test]
    fn a_goal_says_what_it_is_and_whether_it_was_met() {
        let goals =
            [Goal::most("a", 1.5, Some(1.25)), Goal::least("b", 2.0, Some(1.0)), Goal::most("c", 1.0, None)];
        let text = goal_table(&goals);
        let words: Vec<Vec<_>> = text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[0], ["a", "<=", "1.500", "1.250", "met"]);
        assert_eq!(words[1], ["b", ">=", "2.000", "1.000", "MISSED"]);
        assert_eq!(words[2], ["c", "<=", "1.000", "not", "measured"]);
    }
}
