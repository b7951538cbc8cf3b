using System.Buffers;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace FilterProxy.Filters.Headers;

/// <summary>Sets, appends and removes header fields of requests and responses.</summary>
[Component("headers")]
public sealed class HeadersFilter : IRequestFilter, IResponseFilter
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    private readonly HeaderEdit[] _request;
    private readonly HeaderEdit[] _response;
    private readonly ILogger _logger;
    private readonly Counter<long> _dropped;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">They name fields that may not be edited; the message lists all of them.</exception>
    public HeadersFilter(HeadersOptions options, ComponentContext context)
    {
        var errors = new List<string>();
        _request = HeaderEditCompiler.Compile("request", options.Request, errors);
        _response = HeaderEditCompiler.Compile("response", options.Response, errors);
        if (errors.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", errors), nameof(options));
        }

        _logger = context.Logger;
        _dropped = context.Meter.CreateCounter<long>("filterproxy.headers.dropped", description: "Values that were no header value.");
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        Apply(_request, exchange, exchange.Request.Headers);
        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        Apply(_response, exchange, exchange.Response.Headers);
        return default;
    }

    private void Apply(HeaderEdit[] edits, HttpExchange exchange, HeaderMap headers)
    {
        foreach (var edit in edits)
        {
            if (edit.Kind == HeaderEditKind.Remove)
            {
                headers.Remove(edit.NameBytes);
            }
            else if (TryGetValue(edit, exchange, out var value))
            {
                if (edit.Kind == HeaderEditKind.Set)
                {
                    headers.Set(edit.NameBytes, value);
                }
                else
                {
                    headers.Append(edit.NameBytes, value);
                }
            }
            else if (edit.Kind == HeaderEditKind.Set)
            {
                // What the client sent under this name must not pass for the value that should have replaced it.
                headers.Remove(edit.NameBytes);
            }
        }
    }

    private bool TryGetValue(HeaderEdit edit, HttpExchange exchange, out ReadOnlySpan<byte> value)
    {
        value = edit.Constant;
        if (edit.Constant is not null)
        {
            return true;
        }

        var scratch = _scratch ??= new ArrayBufferWriter<byte>(512);
        scratch.ResetWrittenCount();
        if (!edit.Value!.TryFormat(exchange, scratch))
        {
            return false;
        }

        value = scratch.WrittenSpan;
        if (HeaderName.IsValue(value))
        {
            return true;
        }

        // A claim or metadata can hold a line break; as a header it would become a header of its own (response splitting).
        _dropped.Add(1);
        if (edit.ReportFirstDrop())
        {
            _logger.LogWarning("The value of {Name} held a control character and was dropped; further ones are only counted.", edit.Name);
        }

        return false;
    }
}
