using System.Text;

namespace FilterProxy.Filters.Cors;

/// <summary>Methods or header names that are allowed, and how they are written into a response.</summary>
internal sealed class TokenList
{
    private readonly byte[][] _tokens;
    private readonly bool _ignoreCase;

    /// <exception cref="ArgumentException">One is no token.</exception>
    public TokenList(string option, IEnumerable<string> tokens, bool ignoreCase)
    {
        var all = tokens.ToList();
        if (all.Find(token => !HeaderName.IsToken(Encoding.UTF8.GetBytes(token))) is { } wrong)
        {
            throw new ArgumentException($"{option}: '{wrong}' is no token (RFC 9110 §5.6.2)");
        }

        IsAny = all.Contains("*");
        _tokens = [.. all.Select(Encoding.ASCII.GetBytes)];
        _ignoreCase = ignoreCase;
        Text = Encoding.ASCII.GetBytes(string.Join(", ", all));
    }

    public bool IsAny { get; }

    /// <summary>The list as a field value; empty for none.</summary>
    public byte[] Text { get; }

    public bool Contains(ReadOnlySpan<byte> token)
    {
        foreach (var known in _tokens)
        {
            if (_ignoreCase ? HeaderName.Equals(known, token) : token.SequenceEqual(known))
            {
                return true;
            }
        }

        return IsAny && HeaderName.IsToken(token);
    }

    /// <summary>Whether every item of a comma-separated list is allowed.</summary>
    public bool ContainsAll(ReadOnlySpan<byte> list)
    {
        foreach (var range in list.Split((byte)','))
        {
            var token = list[range].Trim(" \t"u8);
            if (!token.IsEmpty && !Contains(token))
            {
                return false;
            }
        }

        return true;
    }
}
