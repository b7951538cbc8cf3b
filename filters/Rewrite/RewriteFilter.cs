using System.Buffers;
using System.Text;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.Rewrite;

/// <summary>
/// Changes path, query and host of a request. What comes out is judged as a path from a client is: a request whose parts would make it lead
/// out of its folder is refused, not forwarded.
/// </summary>
[Component("rewrite")]
public sealed class RewriteFilter : IRequestFilter
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _output, _value;

    private readonly (ByteRegex Path, RewriteRule Rule)[] _rules;
    private readonly Template? _path;
    private readonly Template? _host;
    private readonly QueryEdit _query;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An expression is none.</exception>
    public RewriteFilter(RewriteOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _rules = [.. options.Rules.Select(rule => (ByteRegex.Parse(rule.Path, whole: true), rule))];
        _path = options.Path;
        _host = options.Host;
        _query = new QueryEdit(options);
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var request = exchange.Request;

        // Neither '*' of OPTIONS nor the empty path of CONNECT is one.
        if (request.Path.StartsWith("/"u8) && !TryRewritePath(exchange))
        {
            return Refuse(exchange, "rewrite_ambiguous_path");
        }

        if (!_query.IsNothing && request.Path.StartsWith("/"u8))
        {
            _query.Apply(exchange, _output ??= new(512), _value ??= new(512));
        }

        return _host is null || TryRewriteHost(exchange, _host) ? new(FilterStatus.Continue) : Refuse(exchange, "rewrite_bad_host");
    }

    private static ValueTask<FilterStatus> Refuse(HttpExchange exchange, string reason)
    {
        exchange.Reply(400, reason, Encoding.ASCII.GetBytes($"Bad request ({reason})\n"), "text/plain; charset=utf-8");
        return new(FilterStatus.Stop);
    }

    private bool TryRewritePath(HttpExchange exchange)
    {
        if (_path is not null)
        {
            var output = _output ??= new(512);
            output.ResetWrittenCount();
            _path.Format(exchange, output, EscapePath);
            return TrySetPath(exchange.Request, output.WrittenSpan);
        }

        foreach (var (expression, rule) in _rules)
        {
            if (expression.IsMatch(exchange.Request.Path))
            {
                return TryApply(exchange.Request, expression.Replace(exchange.Request.Path, rule.To), rule.KeepQuery);
            }
        }

        return true;
    }

    private static bool TryApply(RequestHead request, string target, bool keepQuery)
    {
        // No path holds a '?', so the first one is the rule's.
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var query = mark < 0 ? "" : target[(mark + 1)..];
        if (keepQuery && request.HasQuery)
        {
            query = query.Length == 0 ? request.QueryText : request.Query.IsEmpty ? query : $"{query}&{request.QueryText}";
        }

        if (query.Length > 0)
        {
            request.SetQuery(Encoding.Latin1.GetBytes(query));
        }
        else if (!keepQuery)
        {
            request.RemoveQuery();
        }

        return TrySetPath(request, Encoding.Latin1.GetBytes(mark < 0 ? target : target[..mark]));
    }

    private static bool TrySetPath(RequestHead request, ReadOnlySpan<byte> path)
    {
        // "/$1" and a group that begins with a slash: one slash is meant.
        while (path.StartsWith("//"u8))
        {
            path = path[1..];
        }

        if (!SafePath.IsUnambiguous(path))
        {
            return false;
        }

        request.SetPath(path);
        return true;
    }

    private static bool TryRewriteHost(HttpExchange exchange, Template host)
    {
        var output = _output ??= new(512);
        output.ResetWrittenCount();
        if (!host.TryFormat(exchange, output))
        {
            return true;
        }

        var text = Encoding.Latin1.GetString(output.WrittenSpan);
        var colon = text.LastIndexOf(':');
        var name = colon > text.LastIndexOf(']') ? text[..colon] : text;
        if (Uri.CheckHostName(name.Trim('[', ']')) == UriHostNameType.Unknown
            || (name.Length < text.Length && !ushort.TryParse(text.AsSpan(name.Length + 1), System.Globalization.NumberStyles.None, null, out _)))
        {
            return false;
        }

        exchange.Request.SetAuthority(output.WrittenSpan);
        return true;
    }

    /// <summary>A value keeps its slashes and escapes; what may not stand in a path is percent-encoded.</summary>
    private static void EscapePath(ReadOnlySpan<byte> value, IBufferWriter<byte> output)
    {
        foreach (var b in value)
        {
            if (b is <= 0x20 or >= 0x7F or (byte)'?' or (byte)'#')
            {
                Escapes.Percent(b, output);
            }
            else
            {
                output.Write([b]);
            }
        }
    }
}
