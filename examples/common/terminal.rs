//! A result that fits the terminal.

use std::fmt::Write;
use std::io;

use comfy_table::presets::{NOTHING, UTF8_FULL_CONDENSED};
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table};
use terminal_size::{Width, terminal_size_of};

/// The widest that a result gets, and its width where it goes to no terminal.
pub(crate) const WIDEST: u16 = 110;
/// The width of the names before lines below the table.
const NAMES: usize = 12;

/// Returns how wide a result may be: as wide as the terminal, but not without end.
pub(crate) fn width() -> u16 {
    terminal_size_of(io::stdout()).map_or(WIDEST, |(Width(width), _)| width.min(WIDEST))
}

/// Lays out a table that fits a width; all but the first `text` columns hold numbers.
///
/// A narrow terminal gets no lines between the columns, and then cells that wrap, except in column `whole`.
pub(crate) fn table(
    head: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
    text: usize,
    whole: usize,
    width: u16,
) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED.with_rounded_corners());
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table.set_header(head.iter().map(|head| Cell::new(head).set_alignment(CellAlignment::Center)));
    table.add_rows(rows);
    // With a blank on either side of each column, and a line before, between and after them.
    let framed: usize = table.column_max_content_widths().iter().map(|&column| usize::from(column) + 3).sum();
    let narrow = framed + 1 > usize::from(width);
    if narrow {
        table.load_style(NOTHING);
    }
    let last = head.len() - 1;
    for column in table.column_iter_mut() {
        if column.index >= text {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if column.index == whole {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        if narrow {
            column.set_padding((0, u16::from(column.index != last)));
        }
    }
    table
}

/// Writes a line below the table, as a name and a text that wraps.
pub(crate) fn line(text: &mut String, name: &str, value: &str, width: u16) {
    let most = usize::from(width).saturating_sub(NAMES + 2);
    let mut name = name;
    let mut line = String::new();
    let mut end = |line: &mut String| {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{name:>NAMES$}  {line}");
        (name, *line) = ("", String::new());
    };
    for word in value.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > most {
            end(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    end(&mut line);
}

/// Fails if a line is too wide.
#[cfg(test)]
#[track_caller]
pub(crate) fn assert_fits(text: &str, width: u16) {
    let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    assert!(widest <= usize::from(width), "{widest} columns of {width}:\n{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_table_has_no_frame() {
        let of = |width| {
            let rows = [vec!["a name".to_owned(), "12".to_owned(), "3456".to_owned()]];
            let table = table(&["name", "few", "many"], rows, 1, 0, width).to_string();
            assert_fits(&table, width);
            table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of(23)[1], "│  name  ┆ few ┆ many │");
        assert_eq!(of(22), [" name  few many", "a name  12 3456"]);
        let broken = of(12);
        assert!(broken.len() > 2 && broken.iter().any(|line| line.contains("a name")), "{broken:?}");
    }

    #[test]
    fn a_long_line_goes_on_below_its_value() {
        let lines = |width| {
            let mut text = String::new();
            line(&mut text, "answers", "one two three", width);
            text
        };
        assert_eq!(lines(80), "     answers  one two three\n");
        assert_eq!(lines(22), "     answers  one two\n              three\n");
        // No word is cut.
        assert_eq!(lines(5).lines().count(), 3);
    }
}
