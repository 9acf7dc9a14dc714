//! Tables that fit the terminal.

use std::io;

use comfy_table::{CellAlignment, ContentArrangement, Table};
use terminal_size::{Width, terminal_size_of};

/// Columns where the output is no terminal.
const ELSEWHERE: u16 = 120;

/// Returns how many columns standard output has.
pub(crate) fn width() -> u16 {
    terminal_size_of(io::stdout()).map_or(ELSEWHERE, |(Width(width), _)| width)
}

/// Lays out a table in `width` columns of the terminal; the columns of `numbers` are aligned to the right.
/// Lines end without blanks.
pub(crate) fn lay_out(
    head: &[&str],
    rows: Vec<Vec<String>>,
    numbers: impl Fn(usize) -> bool,
    width: u16,
) -> String {
    let mut table = Table::new();
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table.load_style(comfy_table::presets::NOTHING).set_header(head.to_vec()).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
        if numbers(column.index) {
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
        let reason = "a reason of many words that no narrow terminal has in one line";
        let rows = || vec![vec!["name".into(), "12".into(), reason.into()]];
        let wide = lay_out(&["step", "seconds", ""], rows(), |column| column == 1, 120);
        assert_eq!(wide, format!("step  seconds\nname       12  {reason}\n"));
        for width in [40, 60] {
            let narrow = lay_out(&["step", "seconds", ""], rows(), |column| column == 1, width);
            let widest = narrow.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= usize::from(width) && narrow.lines().count() > 2, "{narrow}");
        }
    }
}
