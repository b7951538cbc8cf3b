using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.RequestId;

/// <summary>Gives every request an id under which the client, this proxy and the upstream know it.</summary>
[Component("request_id")]
public sealed class RequestIdFilter : IRequestFilter, IResponseFilter
{
    private const int LongestAccepted = 128;

    private static readonly SearchValues<byte> Accepted =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:+/=@"u8);

    private readonly RequestIdOptions _options;
    private readonly TimeProvider _time;
    private readonly byte[] _header;

    /// <summary>Creates one.</summary>
    public RequestIdFilter(RequestIdOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _time = context.Time;
        _header = Encoding.ASCII.GetBytes(options.Header);
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var headers = exchange.Request.Headers;
        if (!_options.Accept || !headers.TryGet(_header, out var id) || !IsAcceptable(id))
        {
            Span<byte> made = stackalloc byte[36];
            headers.Set(_header, Make(made));
        }
        else
        {
            // One line, should there have been several.
            headers.Set(_header, id);
        }

        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        // Not there where another filter answered before this one saw the request.
        if (_options.Response && exchange.Request.Headers.TryGet(_header, out var id) && IsAcceptable(id))
        {
            exchange.Response.Headers.Set(_header, id);
        }

        return default;
    }

    private static bool IsAcceptable(ReadOnlySpan<byte> id) => id.Length is > 0 and <= LongestAccepted && !id.ContainsAnyExcept(Accepted);

    private ReadOnlySpan<byte> Make(Span<byte> text)
    {
        if (_options.Format == RequestIdFormat.Hex)
        {
            Span<byte> random = stackalloc byte[16];
            RandomNumberGenerator.Fill(random);
            Convert.TryToHexStringLower(random, text, out var written);
            return text[..written];
        }

        var id = _options.Format == RequestIdFormat.Uuid ? Guid.NewGuid() : Guid.CreateVersion7(_time.GetUtcNow());
        Utf8Formatter.TryFormat(id, text, out var length);
        return text[..length];
    }
}
