using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FilterProxy.Filters.SecurityHeaders;

/// <summary>Sends the fields that make browsers stricter, and gives every page a nonce for its scripts where its policy wants one.</summary>
[Component("security_headers")]
public sealed class SecurityHeadersFilter : IRequestFilter, IResponseFilter
{
    private const int Longest = 4096;

    private static readonly byte[] CspName = "Content-Security-Policy"u8.ToArray();
    private static readonly byte[] ReportOnlyName = "Content-Security-Policy-Report-Only"u8.ToArray();

    private readonly (byte[] Name, byte[] Value)[] _fields;
    private readonly (byte[] Name, Policy Policy)[] _policies;
    private readonly byte[]? _hsts;
    private readonly byte[] _nonceHeader;
    private readonly bool _hasNonce;
    private readonly bool _override;
    private readonly Slot<byte[]> _nonce;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">A policy is too long.</exception>
    public SecurityHeadersFilter(SecurityHeadersOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _fields = [.. Fields(options).Select(field => (Encoding.ASCII.GetBytes(field.Name), Encoding.ASCII.GetBytes(field.Value)))];
        _policies =
        [
            .. new[] { (CspName, options.Csp), (ReportOnlyName, options.CspReportOnly) }
                .Where(policy => policy.Item2 is not null).Select(policy => (policy.Item1, new Policy(policy.Item2!))),
        ];
        if (_policies.Any(policy => policy.Policy.Length > Longest))
        {
            throw new ArgumentException($"a policy must not be longer than {Longest} bytes", nameof(options));
        }

        _hasNonce = _policies.Any(policy => policy.Policy.HasNonce);
        _hsts = options.Hsts.Enabled ? Encoding.ASCII.GetBytes(TextOf(options.Hsts)) : null;
        _nonceHeader = Encoding.ASCII.GetBytes(options.NonceHeader);
        _override = options.Override;
        _nonce = context.CreateSlot<byte[]>("nonce");
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        if (!_hasNonce)
        {
            return new(FilterStatus.Continue);
        }

        var nonce = NonceOf(exchange);
        if (_nonceHeader.Length > 0)
        {
            var headers = exchange.Request.Headers;
            headers.Set(_nonceHeader, nonce);

            // Also what the client sent under these names: a page must not use a nonce somebody else chose.
            headers.Remove(CspName);
            headers.Remove(ReportOnlyName);
            SetPolicies(exchange, headers, replace: true);
        }

        return new(FilterStatus.Continue);
    }

    /// <inheritdoc/>
    public ValueTask OnResponseAsync(HttpExchange exchange)
    {
        var headers = exchange.Response.Headers;
        foreach (var (name, value) in _fields)
        {
            if (_override || !headers.Contains(name))
            {
                headers.Set(name, value);
            }
        }

        // RFC 6797 §7.2: not over a connection anyone could have written on.
        if (_hsts is not null && IsSecure(exchange) && (_override || !headers.Contains(KnownHeader.StrictTransportSecurity)))
        {
            headers.Set(KnownHeader.StrictTransportSecurity, _hsts);
        }

        SetPolicies(exchange, headers, _override);
        return default;
    }

    private static bool IsSecure(HttpExchange exchange) =>
        exchange.Downstream.IsTls
        || (exchange.Request.Headers.TryGet(KnownHeader.XForwardedProto, out var scheme) && Ascii.EqualsIgnoreCase(scheme, "https"u8));

    private void SetPolicies(HttpExchange exchange, HeaderMap headers, bool replace)
    {
        Span<byte> text = stackalloc byte[Longest];
        foreach (var (name, policy) in _policies)
        {
            if (replace || !headers.Contains(name))
            {
                policy.Write(policy.HasNonce ? NonceOf(exchange) : [], text);
                headers.Set(name, text[..policy.Length]);
            }
        }
    }

    private byte[] NonceOf(HttpExchange exchange)
    {
        if (exchange.Get(_nonce) is { } known)
        {
            return known;
        }

        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        var nonce = new byte[Policy.NonceLength];
        Base64.EncodeToUtf8(random, nonce, out _, out _);
        exchange.Set(_nonce, nonce);
        return nonce;
    }

    private static IEnumerable<(string Name, string Value)> Fields(SecurityHeadersOptions options)
    {
        if (options.Frame != FramePolicy.Off)
        {
            yield return ("X-Frame-Options", options.Frame == FramePolicy.Deny ? "DENY" : "SAMEORIGIN");
        }

        if (options.Referrer != ReferrerPolicy.Off)
        {
            yield return ("Referrer-Policy", JsonNamingPolicy.KebabCaseLower.ConvertName(options.Referrer.ToString()));
        }

        if (options.NoSniff)
        {
            yield return ("X-Content-Type-Options", "nosniff");
        }

        foreach (var (name, value) in new[]
        {
            ("Permissions-Policy", options.Permissions), ("Cross-Origin-Opener-Policy", options.OpenerPolicy),
            ("Cross-Origin-Embedder-Policy", options.EmbedderPolicy), ("Cross-Origin-Resource-Policy", options.ResourcePolicy),
        })
        {
            if (value is not null)
            {
                yield return (name, value);
            }
        }
    }

    private static string TextOf(HstsOptions hsts) => string.Create(
        CultureInfo.InvariantCulture,
        $"max-age={(long)hsts.MaxAge.TotalSeconds}{(hsts.IncludeSubdomains ? "; includeSubDomains" : "")}{(hsts.Preload ? "; preload" : "")}");
}
