# The page of a command in Markdown, from what its program says of itself
# (`--experimental-dump-help` of swift-argument-parser).
#
# $words: the command, such as ["vipctl", "status"]; $usage: the line of its help.

# The text of a help: commands in quotes, options, paths and <values> stand out.
def prose:
  gsub("(?<mark>[*_])"; "\\\(.mark)")
  | gsub("(?<before>^|[ (\n])'(?<code>[^']+)'"; "\(.before)`\(.code)`")
  | gsub("(?<before>^|[ (\n])(?<option>--?[a-z][a-z-]*)"; "\(.before)`\(.option)`")
  | gsub("(?<before>^|[ (\n])(?<path>/[a-z./-]+[a-z])"; "\(.before)`\(.path)`")
  | gsub("<(?<value>[^<> ]+)>"; "*\(.value)*");

def items: map("\(.term)\n: \(.text)\n") | join("\n");

# A paragraph under a title, such as "Exit status:", is a section: of items, if each line has a term
# and, two spaces away, a text; of lines as they are otherwise.
def section:
  split("\n") as $lines
  | ($lines[0] | rtrimstr(":") | ascii_upcase) as $title
  | $lines[1:]
  | if all(test("^  \\S+ {2,}\\S")) then
      map(capture("^  (?<term>\\S+) +(?<text>.*)"))
      | map(.term |= "**\(gsub("_"; "\\_"))**" | .text |= prose) | items
    else
      map("  " + .) | join("\n")
    end
  | "# \($title)\n\n\(.)\n";

def is_section: test("^[A-Z][a-z ]+:\n  ");

# The usage; an option and its value stay together.
def synopsis:
  ($words | join(" ")) as $name
  | $usage[($name | length):]
  | gsub("<(?<value>[^<>]+)>"; "*\(.value)*")
  | gsub("(?<option>--?[a-z][a-z-]*)"; "`\(.option)`")
  | gsub("` "; "`\u00a0")
  | "**\($name)**\(.)";

def names:
  [.names[] | if .kind == "short" then "`-\(.name)`" else "`--\(.name)`" end]
  | join(", ");

# Whether it can be given without its value.
def has_optional_value:
  .preferredName.name as $name | $usage | contains("[--\($name) [<");

def argument:
  {
    term: (
      if .kind == "positional" then "*\(.valueName)*"
      elif .kind == "flag" then names
      elif has_optional_value then "\(names) [*\(.valueName)*]"
      else "\(names) *\(.valueName)*" end
    ),
    text: (
      ((.abstract // "") | prose)
      + if .allValues then " (values: \(.allValues | map("`\(.)`") | join(", ")))" else "" end
      + if .defaultValue then " (default: `\(.defaultValue)`)" else "" end
    )
  };

def arguments($title; kinds):
  [.arguments[]? | select(.shouldDisplay) | select(kinds) | argument]
  | if . == [] then empty else "# \($title)\n\n\(items)" end;

reduce $words[1:][] as $word (.command; .subcommands[] | select(.commandName == $word))
| ((.discussion // "") | split("\n\n")) as $discussion
| "# NAME\n\n\($words | join("-")) - "
  + (.abstract | rtrimstr(".") | "\(.[:1] | ascii_downcase)\(.[1:])") + "\n",
  "# SYNOPSIS\n\n\(synopsis)\n",
  "# DESCRIPTION\n",
  (.abstract | prose) + "\n",
  ($discussion[] | select(is_section | not) | prose + "\n"),
  (
    [.subcommands[]? | select(.commandName != "help")
      | { term: "**\($words[0])-\(.commandName)**(8)", text: (.abstract | prose) }]
    | if . == [] then empty else "# COMMANDS\n\n\(items)" end
  ),
  arguments("ARGUMENTS"; .kind == "positional"),
  arguments("OPTIONS"; .kind != "positional"),
  ($discussion[] | select(is_section) | section)
