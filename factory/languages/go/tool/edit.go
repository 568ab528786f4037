package main

import (
	"slices"
	"strings"
)

// An edit replaces a range of a text, in bytes.
type edit struct {
	start, end int
	text       string
}

// apply makes edits that do not overlap.
func apply(text string, edits []edit) string {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b edit) int { return a.start - b.start })
	var out strings.Builder
	place := 0
	for _, e := range edits {
		out.WriteString(text[place:e.start])
		out.WriteString(e.text)
		place = e.end
	}
	out.WriteString(text[place:])
	return out.String()
}

// blank removes a range but keeps its line breaks, so that the lines after it keep their numbers.
func blank(text string, start, end int) edit {
	return edit{start, end, strings.Repeat("\n", strings.Count(text[start:end], "\n"))}
}
