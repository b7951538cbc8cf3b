using System.Buffers;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.HmacAuth;

/// <summary>Lets in programs that sign their requests with a secret both sides know: nobody on the way can change one, or send it again.</summary>
[Component("hmac_auth")]
public sealed class HmacAuthFilter : IRequestFilter
{
    private const string Namespace = "hmac";
    private const string TextType = "text/plain; charset=utf-8";
    private static readonly byte[] Unauthorized = "Unauthorized\n"u8.ToArray(), Unavailable = "Service Unavailable\n"u8.ToArray(), TooLarge = "Content Too Large\n"u8.ToArray();
    private static readonly byte[] Challenge = Encoding.ASCII.GetBytes(SignatureField.Scheme);
    private static readonly byte[] Nobodys = RandomNumberGenerator.GetBytes(32);

    private readonly HmacAuthOptions _options;
    private readonly FrozenDictionary<string, HmacKey> _keys;
    private readonly ReplayGuard _replays;
    private readonly DenialLog _log;
    private readonly byte[] _ownerHeader;

    /// <summary>Prepares the secrets.</summary>
    public HmacAuthFilter(HmacAuthOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _keys = options.Keys.Select(key => new HmacKey(key)).ToFrozenDictionary(key => key.Id, StringComparer.Ordinal);

        // Apart from the instance: a reload must not make it forget.
        _replays = context.Store(() => new ReplayGuard(context.Time));
        _log = new DenialLog(context.Logger, context.Time);
        _ownerHeader = Encoding.ASCII.GetBytes(options.OwnerHeader);
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var headers = exchange.Request.Headers;
        if (_ownerHeader.Length > 0)
        {
            headers.Remove(_ownerHeader);
        }

        var count = 0;
        ReadOnlySpan<byte> text = default;
        foreach (var value in headers.Values(KnownHeader.Authorization))
        {
            count++;
            text = value;
        }

        if (count != 1 || text.Length <= Challenge.Length || text[Challenge.Length] != (byte)' ' || !Ascii.EqualsIgnoreCase(text[..Challenge.Length], Challenge))
        {
            return new(Refuse(exchange, "hmac_missing", 401, count > 1 ? "it has more than one Authorization" : ""));
        }

        if (SignatureField.Read(text[(Challenge.Length + 1)..], out var problem) is not { } field)
        {
            return new(Refuse(exchange, "hmac_malformed", 401, problem));
        }

        foreach (var name in _options.SignedHeaders)
        {
            if (!field.Headers.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                return new(Refuse(exchange, "hmac_malformed", 401, $"its signature does not cover {name}"));
            }
        }

        return exchange.HasRequestBody ? WithBodyAsync(exchange, field) : new(Check(exchange, field, default));
    }

    private async ValueTask<FilterStatus> WithBodyAsync(HttpExchange exchange, SignatureField field)
    {
        var body = await exchange.BufferRequestBodyAsync(_options.MaxBody.Bytes);
        if (body.Status == BufferStatus.Failed)
        {
            exchange.Abort("client_closed");
            return FilterStatus.Stop;
        }

        return body.IsComplete ? Check(exchange, field, body.Body) : Refuse(exchange, "hmac_body_too_large", 413, "its body is larger than max_body");
    }

    private FilterStatus Check(HttpExchange exchange, SignatureField field, ReadOnlySequence<byte> body)
    {
        // A key nobody has is computed with as well: which ids there are cannot be measured.
        var key = _keys.GetValueOrDefault(field.Key);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key?.Secret ?? Nobodys, SignedText.Of(exchange.Request, field, body), mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, field.Signature) || key is null)
        {
            return Refuse(exchange, "hmac_denied", 401, key is null ? "nobody has a key of that name" : $"its signature is not that of the key '{key.Id}'");
        }

        // After the signature: what strangers send is not remembered.
        var signed = DateTimeOffset.UnixEpoch.AddSeconds(Math.Min(field.Time, 253_402_300_799));
        return _replays.Check(key.Id, field.Nonce, signed, _options.Window, _options.Remember) switch
        {
            ReplayCheck.Fresh => Admit(exchange, key),
            ReplayCheck.Replayed => Refuse(exchange, "hmac_replayed", 401, $"the same request of the key '{key.Id}' has come before"),
            ReplayCheck.Full => Refuse(exchange, "hmac_busy", 503, "no more signatures can be remembered"),
            _ => Refuse(exchange, "hmac_out_of_window", 401, $"the key '{key.Id}' signed at {signed:u}"),
        };
    }

    private FilterStatus Admit(HttpExchange exchange, HmacKey key)
    {
        exchange.User = key.User;
        exchange.Metadata[Namespace, "owner"] = key.Owner;
        exchange.Metadata[Namespace, "key"] = key.Id;
        if (_ownerHeader.Length > 0)
        {
            exchange.Request.Headers.Set(_ownerHeader, key.OwnerBytes);
        }

        if (!_options.Forward)
        {
            exchange.Request.Headers.Remove(KnownHeader.Authorization);
        }

        return FilterStatus.Continue;
    }

    private FilterStatus Refuse(HttpExchange exchange, string reason, int status, string detail)
    {
        exchange.Reply(status, reason, status switch { 401 => Unauthorized, 413 => TooLarge, _ => Unavailable }, TextType);
        if (status == 401)
        {
            exchange.Response.Headers.Set(KnownHeader.WWWAuthenticate, Challenge);
        }

        if (detail.Length > 0)
        {
            _log.Write(exchange, reason, detail);
        }

        return FilterStatus.Stop;
    }
}
