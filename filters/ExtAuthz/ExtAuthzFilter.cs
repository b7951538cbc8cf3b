using System.Buffers;
using System.Text;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.ExtAuthz;

/// <summary>Asks a service whether a request may pass: it sees a request like that one, and its 200 lets it go on. Without an answer nothing passes, unless told otherwise.</summary>
[Component("ext_authz")]
public sealed class ExtAuthzFilter : IRequestFilter, IDisposable
{
    private const string Namespace = "ext_authz";
    private const string TextType = "text/plain; charset=utf-8";
    private static readonly byte[] Body = "Refused (ext_authz_error)\n"u8.ToArray(), TooLarge = "Content Too Large\n"u8.ToArray();
    private static readonly string[] AlwaysToClient = ["www-authenticate", "location", "set-cookie", "content-type"];

    private readonly ExtAuthzOptions _options;
    private readonly AuthzService _service;
    private readonly ExtAuthzMetrics _metrics;
    private readonly DenialLog _log;
    private readonly byte[][] _upstream;
    private readonly HashSet<string> _toUpstream, _toClient;

    /// <summary>Creates one.</summary>
    public ExtAuthzFilter(ExtAuthzOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _service = new AuthzService(options, context);
        _metrics = new ExtAuthzMetrics(context.Meter);
        _log = new DenialLog(context.Logger, context.Time);
        _upstream = [.. options.UpstreamHeaders.Select(Encoding.ASCII.GetBytes)];
        _toUpstream = new HashSet<string>(options.UpstreamHeaders, StringComparer.OrdinalIgnoreCase);
        _toClient = new HashSet<string>(AlwaysToClient.Concat(options.ClientHeaders), StringComparer.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var (body, isPartial) = ((ReadOnlySequence<byte>?)null, false);
        if (_options.Body is { } rule && exchange.HasRequestBody)
        {
            var result = await exchange.BufferRequestBodyAsync(rule.Max.Bytes);
            if (result.Status == BufferStatus.Failed)
            {
                exchange.Abort("client_closed");
                return FilterStatus.Stop;
            }

            if (!result.IsComplete && !rule.AllowPartial)
            {
                exchange.Reply(413, "ext_authz_body_too_large", TooLarge, TextType);
                return FilterStatus.Stop;
            }

            body = result.Body.Slice(0, Math.Min(result.Body.Length, rule.Max.Bytes));
            isPartial = !result.IsComplete;
        }

        AuthzAnswer answer;
        try
        {
            answer = await _service.AskAsync(_service.QuestionOf(exchange, body, isPartial), exchange.Aborted);
        }
        catch (OperationCanceledException)
        {
            exchange.Abort("client_closed");
            return FilterStatus.Stop;
        }

        return !answer.IsDecision ? Fail(exchange, answer) : answer.IsAllowed ? Admit(exchange, answer) : Deny(exchange, answer);
    }

    /// <inheritdoc/>
    public void Dispose() => _service.Dispose();

    private FilterStatus Admit(HttpExchange exchange, AuthzAnswer answer)
    {
        _metrics.Count("allowed");
        RemoveClaimed(exchange);
        foreach (var (name, value) in answer.Headers)
        {
            if (_toUpstream.Contains(name))
            {
                exchange.Request.Headers.Append(name, value);
            }
        }

        Tell(exchange, answer);
        return FilterStatus.Continue;
    }

    private FilterStatus Deny(HttpExchange exchange, AuthzAnswer answer)
    {
        _metrics.Count("denied");
        var type = answer.Headers.FirstOrDefault(field => field.Name.Equals("content-type", StringComparison.OrdinalIgnoreCase)).Value;

        // A status that is no refusal, e.g. 204, would look like a success of the upstream's.
        exchange.Reply(answer.Status is >= 300 and < 500 ? answer.Status : 403, "ext_authz_denied", answer.Body, answer.Body.Length > 0 ? type ?? TextType : null);
        foreach (var (name, value) in answer.Headers)
        {
            if (_toClient.Contains(name) && !name.Equals("content-type", StringComparison.OrdinalIgnoreCase))
            {
                exchange.Response.Headers.Append(name, value);
            }
        }

        Tell(exchange, answer);
        return FilterStatus.Stop;
    }

    private FilterStatus Fail(HttpExchange exchange, AuthzAnswer answer)
    {
        _metrics.Count("error");
        var problem = answer.Problem.Length > 0 ? answer.Problem : $"it answered {answer.Status}";
        if (_options.FailOpen)
        {
            RemoveClaimed(exchange);
            _log.Write(exchange, "ext_authz_error", $"{problem}; it passes all the same (fail_open)");
            return FilterStatus.Continue;
        }

        exchange.Reply(_options.StatusOnError, "ext_authz_error", Body, TextType);
        _log.Write(exchange, "ext_authz_error", problem);
        return FilterStatus.Stop;
    }

    // Whoever reads these headers believes that the service said it.
    private void RemoveClaimed(HttpExchange exchange)
    {
        foreach (var name in _upstream)
        {
            exchange.Request.Headers.Remove(name);
        }
    }

    private void Tell(HttpExchange exchange, AuthzAnswer answer)
    {
        foreach (var name in _options.MetadataHeaders)
        {
            exchange.Metadata[Namespace, name] = answer.Headers.FirstOrDefault(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
        }
    }
}
