namespace FilterProxy.Filters.Tests.Waf.Detection;

/// <summary>Shapes of harmless input written after the rules were done, and never used to change them.</summary>
internal static class HeldOutTemplates
{
    public static readonly (string Kind, string[] Templates)[] All =
    [
        ("review", [
            "{short} the best {noun} in {city}! My {noun} loves it -- {n}/{n}.",
            "Bought {n} of these for {first}'s birthday; {n} broke, {n} are {adj}.", "Not {adj}, not {adj}... {short}. \"{verb}\" they said?",
            "Pros: {adj}; {adj}. Cons: {noun} (and {noun}).",
            "{first} & I were at {street} from {n}:{n} to {n}:{n}, {short} {verb}", "The '{noun}' button doesn't {verb}; the '{noun}' one does.",
            "5'{n}\" here, size {n} or {n} fits", "Where's the {noun}? Who {verb}s a {noun} at {n}% off?!",
            "update: {short} {verb} it after {n} days = {adj}", "I'd rather {verb} than {verb}; I wouldn't {verb} or {verb} again",
        ]),
        ("ticket", [
            "When I {verb} the {noun}, then {verb} it, it says \"{noun} {n} not found\".",
            "Steps:\n1) {verb} {noun}\n2) {verb} '{noun}'\nExpected: {adj}\nGot: {n} = {adj}",
            "Error {n}: can't {verb} '{noun}' (see #{n}); -- {first}", "{lang} {verb} fails if {name} is null or {name} = ''",
            "The {noun}s' list doesn't load; {noun} #{n}-{n}", "Feature: {verb} by {noun}, order by {noun}, group by {noun}",
            "Can you {verb} user {last} from group '{noun}' and {verb} {noun}?", "{first} asked: \"{verb} or {verb}?\" -> {verb}",
            "re-{verb} column {n} where {noun} isn't {adj}",
            "{date}: {verb}d {noun}; {noun} set to '{adj}' -- {first} {last}",
        ]),
        ("snippet", [
            "{name}.{func}('{noun}', {{ {name}: '{adj}', {name}: {n} }})", "SELECT is not {verb}; use {func}() or {func}()",
            "if [ \"${name}\" = '{noun}' ]; then echo '{adj}'; fi", "try {{ {func}({name}) }} catch (e) {{ log(e.message + \" at {noun}\") }}",
            "<{tag} class=\"{noun}\">{{{{ {name} }}}}</{tag}>", "{name} = [x for x in {name} if x != '{noun}' and x > {n}]",
            "let {name} = `{noun} ${{{name}}}`;", "@media (max-width: {n}px) {{ .{name} {{ margin: 0 {n}%; }} }}",
            "{name}: '{noun}'\n{name}: \"{adj}\"\n# {verb}",
            "#include <{name}.h>\nint main() {{ return {n}; }}", "docker run -e '{name}={noun}' {name}:{n} || exit {n}",
            "s/'{noun}'/\"{noun}\"/g; s/--/-/", "{func}({name})[{n}] -= '{noun}'.length * {n}", "type {name} = '{noun}' | '{adj}' | \"{verb}\";",
        ]),
        ("profile", [
            "{first} {last}, {n}, {city} -- {noun} & {noun}", "{verb}er of {noun}s; {short} {adj}",
            "http://{name}.example.com/~{name}/?q='{noun}'&p={n}", "she/her or they/them", "{last} ({adj}) | {last} ({n})",
            "B.Sc. '{n}, M.Sc. '{n}", "@{name} / @{name}; DM's open", "CEO @ {last}'s | ex-{noun}",
            "\"{verb}, {verb}, {verb}\" - {last}", "I <3 {noun}s && {noun}s", "{name}@{name}.example, +{n} {n} {n}-{n}",
            "{first} {last} = {noun} + {noun}",
        ]),
        ("recipe", [
            "{n} 1/2 cups, {n} tbsp. of {noun}; {verb} {n}-{n} min.", "Mix {n}% {noun} and {n}% {noun} -- don't {verb}",
            "{n}\" pan or {n}\" tin, {n} g (or {n} oz)", "{first}'s mum's {noun}: {verb}, {verb} & {verb}",
            "1 {noun} = {n} {noun}s; 2 {noun}s = {n}", "({n} x {n}) or ({n} x {n}) cm", "{n} or {n} eggs, {n} > {n} if small",
        ]),
        ("legal", [
            "The {noun}'s owner and/or the {noun}'s user (the \"{noun}\") shall {verb} ({n}) days' notice.",
            "Section {n}.{n}; subsection ({name}) or ({name}) of the {noun} Act {n}", "{last} v. {last}, {n} U.S. {n}",
            "'{noun}' means the {adj} {noun}; '{noun}' means the {noun}",
            "Any {noun}, {noun}, or {noun} -- whether {adj} or {adj} -- is null and void",
            "Parties' {noun}: {last} & {last} (\"{last}\") and {last} Ltd. (\"the {noun}\")",
        ]),
    ];
}
