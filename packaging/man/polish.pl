# What lowdown 1.0 writes, as manual pages are written by hand. Reads the whole page at once.
use strict;
use warnings;

# A hyphen in what can be copied is a minus, and no place to break a line.
sub typed { my ($text) = @_; $text =~ s/(?<!\\)-/\\-/g; return $text }

$_ = <>;

# Code is bold.
s{\\f[CB](.*?)\\fR}{ "\\fB" . typed($1) . "\\fR" }gse;
s{^(\.EX\n.*?^\.EE)}{ typed($1) }gmse;
s/\xc2\xa0/\\ /g;

# Ragged lines without hyphens.
s/^(\.TH .*\n)/$1.nh\n.ad l\n/m;

# Tables, for which a preprocessor is named, have no boxes; longer cells are wrapped, so that a table
# of four columns fits in a line.
sub cell {
    my ($text) = @_;
    my $seen = $text =~ s/\\f.//gr =~ s/\\\(../x/gr;
    return length $seen > 22 ? "T{\n.nh\n${text}T}" : $text =~ s/\n//r;
}
s/^/'\\" t\n/;
s/ expand allbox;$/;/mg;
s/^(l(?: l)+)\.$/$1w(22n)./mg;
s/T\{\n(.*?)T\}/cell($1)/gse;
s/^\.TE\n/.TE\n.nh\n/mg;

# Items with their terms.
s/^\.LP\n(.*)\n\.if n \\\n\.sp -1v\n\.if t \\\n\.sp -0\.25v\n\.IP "" 5n\n/.TP 8\n$1\n/mg;

# Examples stand in.
s/^\.[LP]P\n\.EX\n(.*?)^\.EE\n/.PP\n.RS 4\n.EX\n$1.EE\n.RE\n/mgs;

# Headings on one line, and no paragraph where one begins anyway.
s/^\.(SH|SS)\n(.*)\n(?:\.[LP]P\n)?/.$1 $2\n/mg;

print;
