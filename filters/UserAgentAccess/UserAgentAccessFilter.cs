using System.Buffers;
using System.Text;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.UserAgentAccess;

/// <summary>
/// Lets requests pass or refuses them by what their client calls itself. That is a claim, not a proof, but of crawlers whose networks are known.
/// </summary>
[Component("user_agent_access")]
public sealed class UserAgentAccessFilter : IRequestFilter
{
    private const int OnStack = 512;

    private const string Namespace = "crawler", Key = "name";

    private static readonly byte[] FakeBody = "Forbidden (crawler_unverified)\n"u8.ToArray();
    private static readonly byte[] Body = "Forbidden (user_agent_denied)\n"u8.ToArray();

    private readonly SearchValues<string>? _allow;
    private readonly SearchValues<string>? _deny;
    private readonly ByteRegex[] _allowExpressions;
    private readonly ByteRegex[] _denyExpressions;
    private readonly Crawler[] _crawlers;
    private readonly bool _hasAllow;
    private readonly bool _required;
    private readonly int _status;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An expression is none, or a line of a file is no network.</exception>
    public UserAgentAccessFilter(UserAgentAccessOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _crawlers = [.. options.Crawlers.Select(crawler => new Crawler(crawler, context))];
        _allow = TextsOf(options.Allow);
        _deny = TextsOf(options.Deny);
        _allowExpressions = [.. options.AllowRegex.Select(pattern => ByteRegex.Parse(pattern, ignoreCase: true))];
        _denyExpressions = [.. options.DenyRegex.Select(pattern => ByteRegex.Parse(pattern, ignoreCase: true))];
        _hasAllow = options.Allow.Count + options.AllowRegex.Count > 0;
        _required = options.Required ?? _hasAllow;
        _status = options.Status;
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (_crawlers.Length > 0 && ClaimOf(exchange.Request.Headers) is { } crawler)
        {
            if (!crawler.IsFrom(exchange.Downstream.ClientAddress))
            {
                exchange.Reply(_status, "crawler_unverified", FakeBody, "text/plain; charset=utf-8");
                return new(FilterStatus.Stop);
            }

            exchange.Metadata[Namespace, Key] = crawler.Name;
            return new(FilterStatus.Continue);
        }

        if (IsAllowed(exchange.Request.Headers))
        {
            return new(FilterStatus.Continue);
        }

        exchange.Reply(_status, "user_agent_denied", Body, "text/plain; charset=utf-8");
        return new(FilterStatus.Stop);
    }

    private static SearchValues<string>? TextsOf(IReadOnlyList<string> texts) =>
        texts.Count > 0 ? SearchValues.Create([.. texts], StringComparison.OrdinalIgnoreCase) : null;

    // The first in the configuration that any line names: whoever names two is judged by one of them, and has to be at home there.
    private Crawler? ClaimOf(HeaderMap headers)
    {
        foreach (var crawler in _crawlers)
        {
            foreach (var line in headers.Values(KnownHeader.UserAgent))
            {
                if (ContainsAny(line, crawler.Agents))
                {
                    return crawler;
                }
            }
        }

        return null;
    }

    private bool IsAllowed(HeaderMap headers)
    {
        if (!headers.TryGet(KnownHeader.UserAgent, out var agent) || agent.IsEmpty)
        {
            return !_required;
        }

        // Several lines of it would let one be judged and another be read.
        foreach (var line in headers.Values(KnownHeader.UserAgent))
        {
            if (IsMatch(line, _deny, _denyExpressions) || (_hasAllow && !IsMatch(line, _allow, _allowExpressions)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsMatch(ReadOnlySpan<byte> agent, SearchValues<string>? texts, ByteRegex[] expressions)
    {
        if (texts is not null && ContainsAny(agent, texts))
        {
            return true;
        }

        foreach (var expression in expressions)
        {
            if (expression.IsMatch(agent))
            {
                return true;
            }
        }

        return false;
    }

    private static bool ContainsAny(ReadOnlySpan<byte> agent, SearchValues<string> texts)
    {
        var rented = agent.Length > OnStack ? ArrayPool<char>.Shared.Rent(agent.Length) : null;
        var chars = rented is null ? stackalloc char[OnStack] : rented;
        var found = chars[..Encoding.Latin1.GetChars(agent, chars)].ContainsAny(texts);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return found;
    }
}
