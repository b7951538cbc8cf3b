namespace FilterProxy.Filters.Tests.Waf.Detection;

/// <summary>Hand-written shapes of harmless input; <see cref="BenignWords"/> fills them.</summary>
internal static class BenignTemplates
{
    public static readonly string[] Names =
    [
        "{first} {last}", "{last}, {first}", "{first} \"{noun}\" {last}", "{last}", "{last}-{last}", "Dr. {first} {last} (ret.)",
        "{first} & {first} {last}",
        "{first} and {first} {last}", "{last}'s {noun}", "{first} {last}; {first} {last}", "{last} or {last}", "{first} {last} #{n}",
        "{first} {last} / {last}",
        "The {last}s' {noun}", "{last} {last} 'Bud' {first}", "{first} {last} -- {noun}", "{first} {last}, {n}",
        "Mr. {last} = Mrs. {last}'s son", "'{first}' {last}",
    ];

    public static readonly string[] SqlProse =
    [
        "Please {verb} the {adj} {noun} from the {noun} where {noun} is {adj}", "{verb} {noun}", "{verb} {noun} {noun}",
        "{verb} {n} {noun}s from {noun} {n}",
        "The {noun} or {noun} and {n} {noun}s", "{n} or {n} {noun}s", "{short} {verb} {noun} and {verb} {noun}",
        "{verb} and {verb} the {noun}; {verb} the {noun}",
        "union of {adj} {noun} and {noun}", "order by {noun}, then {verb}", "{verb} into the {noun}", "{n} {noun}s in {n} {noun}s, {adj} or {adj}",
        "{short} {verb} all {noun}s between {n} and {n}", "having {n} {noun}s; {short} {adj}", "group by {noun} or {verb} by {noun}",
        "{noun} is null and {noun} is not {adj}",
        "{verb} table {n} and {verb} chair {n}", "from {noun} to {noun}, {verb} (or {verb}) {adj}",
        "the {noun}s' {verb} and the {noun}s' {noun}", "{noun} {n} -- {verb} it",
        "{adj} join us for {noun} and {noun}", "{short} like {noun} like {noun}", "{verb} {noun} set to {adj}",
        "if {noun} then {verb} else {verb}", "{verb} one; {verb} another",
        "when {noun}s {verb}, {verb} the {noun} ({n} of {n})", "in case {noun} is {adj} then {verb}", "{verb} {noun} if exists in {noun}",
        "limit {n}, offset {n}",
        "Is it {adj} or {adj}? {short} {n} = {n}", "{lang}: {verb} from {noun}", "{noun} -- {verb} or {verb} -- {short}",
        "not {adj}, not {adj}, but {n}",
    ];

    public static readonly string[] Markdown =
    [
        "# {noun}\n\n{short} a *{adj}* {noun} with **{noun}**", "- {noun}\n- {verb} `{name}`\n- {short}", "> {short} {verb}\n\n{noun} -- {noun}",
        "1. {verb}\n2. {verb}\n3. {short}",
        "[{noun}](https://example.com/{noun}?{name}={n}&{name}={n}#{noun})", "| {noun} | {noun} |\n|---|---|\n| {n} | '{adj}' |",
        "```\n{name} = {func}({name}, '{noun}')\n```",
        "## {first}'s {noun}\n---\n{verb} {noun}", "![{noun}](/img/{noun}.png \"{first}'s {noun}\")", "~~{noun}~~ {short}, see #{n} and PR #{n}",
        "* {lang} or {lang}?\n* {lang} -- {adj}",
        "- [ ] {verb} {noun}\n- [x] {verb} {first}'s {noun}", "`{name}` and `{name}` or `{verb}`", "**{short}** {noun}; __{adj}__ -- {n}/{n}",
        "### {verb}() and {func}()\n{short}",
    ];

    public static readonly string[] Code =
    [
        "if ({name} {op} {n} && {name} {op} {n}) {{ {func}({name}); }}", "const {name} = {func}({name} || '{noun}');",
        "{name} = {name} or '{noun}'", "for (i = 0; i < {n}; i++) {name} += {n};",
        "{func}({func}({name}), {n})", "var {name} = \"{noun}\" + {name} + \"{noun}\";",
        "def {func}({name}='{adj}', {name}=None): return {name}", "{name}.split('{op}')",
        "{name}.join(\" {op} \")", "print('{short}')", "return {name} == {n} ? '{noun}' : \"{adj}\";", "{name}['{noun}'] = \"{first}\"",
        "echo \"{noun}\" | grep -v '{name}' > {name}.txt",
        "{name} => {name}.{func}({n})", "// {short} {verb} {noun}", "/* {verb} {noun} */ {func}();", "# {verb} {noun}\n{name} = {n}",
        "List<{name}> {name} = new List<{name}>();",
        "=IF(A{n}>{n},\"{noun}\",\"\")", "=SUM(A{n}:B{n})/{n}", "git commit -m \"{verb} {noun}\"",
        "curl -H 'Accept: text/html' https://example.com/{noun}?{name}={n}", "{name} ??= {name} && {name};",
        "public {name} {func}(string {name} = \"\") => {n};", "$a = {func}($b, '{noun}');", "while (x {op} {n}) {{ x = x {op} 1; }}",
        "border: 1px solid #{hex}; width: {n}%", "case '{noun}': break;",
        "assert {func}('{noun}') == {n}, \"{short}\"", "/^[a-z]+('[a-z]+)?$/i", "std::map<int, std::string> {name};",
        "printf(\"%d {noun}\\n\", {name});", "{func}(x) {op} {func}(y)",
    ];

    public static readonly string[] Json =
    [
        "{\"{name}\":\"{noun}\",\"{name}\":{n}}", "[{n},{n},\"{short}\"]", "{\"{name}\":{\"{name}\":[\"{first} {last}\",null,true]}}",
        "{\"q\":\"{verb} {noun}\",\"or\":[{n},{n}]}",
        "{'{name}': '{noun}', '{name}': {n}}", "{\"date\":\"{date}\",\"id\":\"{id}\",\"note\":\"{short} -- {noun}\"}", "[\"{last}\",\"{last}\"]",
        "{\"op\":\"{op}\",\"l\":{n},\"r\":{n}}",
        "{\"html\":\"<{tag}>{noun}</{tag}>\"}", "\"{noun}\"", "{\"filter\":\"{name} eq '{noun}' and {name} gt {n}\"}",
        "{\"a\":\"{n}\",\"b\":\"{adj}\",\"c\":false}",
    ];

    public static readonly string[] Mail =
    [
        "Hi {first},\n\n{short} about the {noun}. Could you {verb} it by {n} o'clock?\n\nBest,\n{first} {last}\n-- \n{last} & Co.",
        "{first}.{name}@example.com", "\"{first} {last}\" <{name}@example.org>",
        "Re: {noun} -- {short} {adj}", "On {date}, {first} {last} wrote:\n> {short} {verb}\n> {noun}\n\n{short}",
        "P.S. {short} {n}% off; {verb} now!", "{name}+{noun}@example.com; {name}@example.com",
        "Dear {first},\n{n} or {n}? {short} {verb}.\nCheers -- {first}", "mailto:{name}@example.com?subject={noun}",
        "Fwd: Re: {last}'s {noun} ({n}/{n})", "---- {noun} ----\n{short}",
    ];

    public static readonly string[] Math =
    [
        "{n} {op} {n}", "{n} {op} {n} {op} {n}", "({n} {op} {n}) {op} {n} = {d}", "f(x) = {n}x^2 {op} {n}x {op} {n}", "y' = {n}y {op} {n}",
        "x {op} {n} and y {op} {n}", "{n}{unit} or {n}{unit}",
        "a^2 + b^2 = c^2", "{n}/{n} {op} {n}%", "P(A|B) = P(B|A) * P(A) / P(B)", "sqrt({n}) {op} {d}", "{n}' {n}\" x {n}\"",
        "if x {op} {n} then y {op} {n}", "between {n} and {n}", "-{n} {op} -{n}",
        "n! / (k! * (n-k)!)", "[{n}, {n}]", "{n} - {n} = {n}; {n} + {n} = {n}", "{d} {op} {d} -- {short}", "x'' {op} {n}x' = {n}",
        "{date} - {date}", "{n}:{n}", "{n},{n},{n}",
    ];

    public static readonly string[] Addresses =
    [
        "{n} {street}, {city}", "{n}/{n} {street}", "Apt. #{n}, {n} {street}", "{street} {n}; {city}", "c/o {last}, {n} {street}",
        "{n}-{n} {street} ({adj} door)", "{city} {n}", "{street} & {street}",
        "Unit {n} -- {street}, {city}", "P.O. Box {n}, {city}", "{n} {street}\n{city}\n{n}", "{n}\" x {n}\" box to {city}",
        "corner of {street} and {street}", "{street} #{n} or #{n}, {city}", "{n}'{n}.{n}\" N, {n}'{n}\" W",
    ];

    public static readonly string[] Comments =
    [
        "{short} {adj}{mark} {short} {verb} the {noun}{mark}", "I {verb} {lang} and {lang}{mark}", "{first}'s {noun} is {adj}{mark} {n}/{n}",
        "\"{short}\" -- {first} {last}", "{n}% of {noun}s {verb}{mark}",
        "{short} {n} {noun}s, {n} {noun}s & {n}{unit} {noun}", "Q: {verb} or {verb}? A: {short}{mark}", "@{name} {short}{mark} #{noun}",
        "{noun} > {noun}{mark} {short}", "a < b{mark} and c > d", "{short}\n\n{short}\n{mark}",
        "'{noun}' and '{noun}' are {adj}{mark}", "\"{noun}\" or \"{noun}\"{mark}", "the {noun}s' {noun}{mark} the {noun}s' {adj}",
        "{verb} it (or {verb} it){mark} = {adj}", "{short} {n}\" {noun} or a {n}\" {noun}{mark}", "{first}' {noun} -- {n}",
    ];

    public static readonly string[] LightHtml =
    [
        "<{tag}>{short}</{tag}>", "{short} <{tag}>{adj}</{tag}> {noun}{mark}",
        "<a href=\"https://example.com/{noun}?{name}={n}&amp;{name}={n}\">{first}'s {noun}</a>", "<p>{short}</p>\n<p>{noun} &amp; {noun}</p>",
        "<img src=\"/img/{n}.png\" alt=\"{first}'s {noun}\" width=\"{n}\">", "<ul><li>{verb}</li><li>{short}</li></ul>",
        "<p style=\"color: #{hex}; text-align: center\">{noun}</p>", "<!-- {noun} --><{tag}>{n}</{tag}>",
        "{noun}<br>{noun}<br/>{short}", "<table><tr><td class='a'>{n}</td><td>{short}</td></tr></table>",
        "<a href='mailto:{name}@example.com' title=\"{noun}\">{short}</a>", "<{name}> {verb}s <{name}>",
        "<blockquote cite=\"https://example.com\">{short}</blockquote>",
        "<pre><code class=\"language-sql\">{verb} {noun}</code></pre>", "<h2 id=\"{noun}\">{first} {last}</h2><hr>",
        "<img src=\"data:image/png;base64,iVBORw0KGgo=\" alt=''>", "{n} < {n} and {n} > {n}", "<3 {noun} <3",
        "<{tag} class=\"once only\" data-x='{n}'>{short}</{tag}>",
    ];

    public static readonly string[] Searches =
    [
        "{noun} {noun}", "\"{noun}\" OR \"{noun}\"", "{noun} AND {noun} NOT {noun}", "{noun} -{noun} +{noun}", "{name}:{noun} {name}:>{n}",
        "{first} {last} {noun}", "{noun} {n}\" {adj}", "{lang} {verb} {noun}", "how to {verb} a {noun}",
        "{verb} vs {verb}", "what is {n} {op} {n}", "{name}={noun} and {name}={noun}", "({noun} OR {noun}) AND {noun}", "{noun} {n}-{n}",
        "{noun}; {noun}", "site:example.com \"{short}\"", "{last} {noun} \"{adj}\"", "{name} in ({n}, {n})", "{noun} 'n' {noun}",
    ];
}
