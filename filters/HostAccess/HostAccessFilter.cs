using System.Text;
using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.HostAccess;

/// <summary>Lets requests pass or refuses them by the host they ask for: what a page or a cache keyed by host must not be reached under.</summary>
[Component("host_access")]
public sealed class HostAccessFilter : IRequestFilter
{
    // RFC 1035 §2.3.4: a name has at most 255 bytes.
    private const int Longest = 255;

    private static readonly byte[] Body = "Misdirected request (host_denied)\n"u8.ToArray();

    private readonly HostList _allow;
    private readonly HostList _deny;
    private readonly int _status;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">One is no host, or no expression.</exception>
    public HostAccessFilter(HostAccessOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _allow = new HostList(options.Allow, options.AllowRegex);
        _deny = new HostList(options.Deny, options.DenyRegex);
        _status = options.Status;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (IsAllowed(Authority.HostOf(exchange.Request.Authority).TrimEnd((byte)'.')))
        {
            return new(FilterStatus.Continue);
        }

        exchange.Reply(_status, "host_denied", Body, "text/plain; charset=utf-8");
        return new(FilterStatus.Stop);
    }

    private bool IsAllowed(ReadOnlySpan<byte> host)
    {
        if (host.Length > Longest)
        {
            return false;
        }

        Span<char> text = stackalloc char[host.Length];
        Ascii.ToLower(host, text, out _);
        return !_deny.Contains(text) && (_allow.IsEmpty || _allow.Contains(text));
    }
}
