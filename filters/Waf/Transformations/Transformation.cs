using System.Buffers;

namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>One step a value goes through before a rule looks at it. Texts are bytes as Latin-1.</summary>
/// <param name="Name">As rules write it.</param>
/// <param name="Rewrite">Writes the new text and says how long it is.</param>
/// <param name="Trigger">Without any of these it changes nothing; null where that cannot be told.</param>
/// <param name="Growth">How many times longer it may become; a few characters more are always there.</param>
internal sealed record Transformation(string Name, Transformation.Rewriter Rewrite, SearchValues<char>? Trigger = null, int Growth = 1)
{
    private const int Spare = 48;
    private const int OnStack = 512;

    /// <summary>Writes the new text into <paramref name="output"/> and says how long it is.</summary>
    public delegate int Rewriter(ReadOnlySpan<char> input, Span<char> output);

    /// <summary>Whether all it does is to change the case of letters.</summary>
    public bool ChangesCaseOnly => Name is "lowercase" or "uppercase";

    /// <returns>The text itself where nothing changes.</returns>
    public string Apply(string text)
    {
        if (Trigger is not null && !text.AsSpan().ContainsAny(Trigger))
        {
            return text;
        }

        var size = checked((text.Length * Growth) + Spare);
        var rented = size > OnStack ? ArrayPool<char>.Shared.Rent(size) : null;
        var output = rented is null ? stackalloc char[OnStack] : rented;
        var written = output[..Rewrite(text, output)];
        var result = written.SequenceEqual(text) ? text : written.ToString();
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return result;
    }
}
