# What lowdown 1.0 writes, as manual pages are written by hand. Reads the whole page at once.
use strict;
use warnings;

$_ = <>;

# What is typed is bold, and can be copied: a hyphen there is a minus, and no place to break a line.
s{\\fC(.*?)\\fR}{ my $code = $1; $code =~ s/(?<!\\)-/\\-/g; "\\fB$code\\fR" }gse;
s{\\fB(.*?)\\fR}{ my $bold = $1; $bold =~ s/(?<!\\)-/\\-/g; "\\fB$bold\\fR" }gse;
s{^(\.EX\n)(.*?)(^\.EE)}{ my ($a, $code, $z) = ($1, $2, $3); $code =~ s/(?<!\\)-/\\-/g; "$a$code$z" }gmse;

# The preprocessor for tables, which are wrapped and have no boxes; ragged lines without hyphens.
s/^/'\\" t\n/;
s/^(\.TH .*\n)/$1.nh\n.ad l\n/m;
s/ expand allbox;$/ expand;/mg;

# Headings on one line, and no paragraph where one begins anyway.
s/^\.(SH|SS)\n(.*)\n(\.[LP]P\n)?/.$1 $2\n/mg;

# Items with their terms.
s/^\.LP\n(.*)\n\.if n \\\n\.sp -1v\n\.if t \\\n\.sp -0\.25v\n\.IP "" 5n\n/.TP 8\n$1\n/mg;

# Examples stand in.
s/^\.[LP]P\n\.EX\n(.*?)^\.EE\n/.PP\n.RS 4\n.EX\n$1.EE\n.RE\n/mgs;

print;
