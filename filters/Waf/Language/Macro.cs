using System.Text;

namespace FilterProxy.Filters.Waf.Language;

/// <summary>A text with references that are filled in as a rule runs: <c>%{tx.anomaly_score}</c>.</summary>
internal sealed class Macro
{
    private readonly Part[] _parts;

    private Macro(Part[] parts, string text)
    {
        _parts = parts;
        Text = text;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Whether it has no references: then <see cref="Text"/> is its value.</summary>
    public bool IsConstant => Array.TrueForAll(_parts, part => part.Literal is not null);

    /// <exception cref="FormatException">A reference names no variable.</exception>
    public static Macro Parse(string text)
    {
        var parts = new List<Part>();
        var at = 0;
        while (at < text.Length)
        {
            var start = text.IndexOf("%{", at, StringComparison.Ordinal);
            var end = start < 0 ? -1 : text.IndexOf('}', start);
            if (end < 0)
            {
                break;
            }

            if (start > at)
            {
                parts.Add(new Part(text[at..start], default, null));
            }

            parts.Add(ParseReference(text[(start + 2)..end]));
            at = end + 1;
        }

        if (at < text.Length || parts.Count == 0)
        {
            parts.Add(new Part(text[at..], default, null));
        }

        return new Macro([.. parts], text);
    }

    /// <summary>Null where what looks like a reference is none, as in an expression.</summary>
    public static Macro? TryParse(string text)
    {
        try
        {
            return Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <param name="lookup">Gives the first value of a variable, or an empty text.</param>
    public string Expand(IVariableLookup lookup)
    {
        if (_parts is [var only])
        {
            return only.Literal ?? lookup.First(only.Variable, only.Key);
        }

        var text = new StringBuilder();
        foreach (var part in _parts)
        {
            text.Append(part.Literal ?? lookup.First(part.Variable, part.Key));
        }

        return text.ToString();
    }

    public override string ToString() => Text;

    private static Part ParseReference(string reference)
    {
        var separator = reference.AsSpan().IndexOfAny('.', ':');
        var name = separator < 0 ? reference : reference[..separator];
        if (!Variables.TryParse(name, out var variable))
        {
            throw new FormatException($"%{{{reference}}} names no variable");
        }

        return new Part(null, variable, separator < 0 ? null : reference[(separator + 1)..]);
    }

    private readonly record struct Part(string? Literal, Variable Variable, string? Key);
}
