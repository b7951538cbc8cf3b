using System.Text;

namespace FilterProxy.Filters.Jail;

/// <summary>A rule of what counts as an offence, ready to be asked.</summary>
internal sealed class Offence(OffenceOptions options)
{
    private readonly StatusSet? _statuses = options.Statuses.Count > 0 ? new StatusSet(options.Statuses) : null;
    private readonly string[] _reasons = [.. options.Reasons];
    private readonly (byte[] Path, bool IsPrefix)[] _honeypots =
        [.. options.Honeypots.Select(path => (Encoding.UTF8.GetBytes(path.TrimEnd('*')), path.EndsWith('*')))];

    public string Name => options.Name;

    public int Weight => options.Weight;

    /// <summary>Whether failed handshakes are it, and no exchange ever.</summary>
    public bool IsHandshake => options.Handshakes;

    /// <summary>Whether the request is for one of its honeypots.</summary>
    public bool IsTrap(ReadOnlySpan<byte> path)
    {
        foreach (var (trap, isPrefix) in _honeypots)
        {
            if (isPrefix ? path.StartsWith(trap) : path.SequenceEqual(trap))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether an exchange that has ended was one.</summary>
    public bool Is(HttpExchange exchange) =>
        !IsHandshake
        && (_statuses is null || _statuses.Contains(exchange.Response.StatusCode))
        && (_reasons.Length == 0 || Array.IndexOf(_reasons, exchange.Stats.Reason) >= 0)
        && (_honeypots.Length == 0 || IsTrap(exchange.Request.Path));
}
