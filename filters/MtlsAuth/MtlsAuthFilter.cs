using System.Runtime.CompilerServices;
using System.Text;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.MtlsAuth;

/// <summary>Lets in clients by the certificate they showed in the TLS handshake, and tells the upstream and other filters who they are.</summary>
[Component("mtls_auth")]
public sealed class MtlsAuthFilter : IRequestFilter
{
    private const string Namespace = "mtls";
    private static readonly byte[] Body = "Forbidden (mtls_auth)\n"u8.ToArray();

    // A connection's certificate is looked at once: its details are one object for all its requests.
    private readonly ConditionalWeakTable<ClientCertificateDetails, Identity> _known = [];
    private readonly ConditionalWeakTable<ClientCertificateDetails, Identity>.CreateValueCallback _identify;
    private readonly MtlsAuthOptions _options;
    private readonly DenialLog _log;
    private readonly byte[] _header;

    /// <summary>Creates one.</summary>
    public MtlsAuthFilter(MtlsAuthOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _options = options;
        _identify = certificate => Identity.Of(certificate, options.Identities);
        _log = new DenialLog(context.Logger, context.Time);
        _header = Encoding.ASCII.GetBytes(options.IdentityHeader);
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var headers = exchange.Request.Headers;
        if (_header.Length > 0)
        {
            headers.Remove(_header);
        }

        if (exchange.Downstream.ClientCertificateDetails is not { } certificate)
        {
            return new(_options.Optional ? FilterStatus.Continue : Refuse(exchange, "mtls_missing", "it came without a certificate"));
        }

        var identity = _known.GetValue(certificate, _identify);
        if (ReferenceEquals(identity, Identity.Nobody))
        {
            return new(Refuse(exchange, "mtls_unknown", $"the certificate {certificate.Sha256} is nobody's who may come"));
        }

        exchange.User = identity.User;
        var metadata = exchange.Metadata;
        metadata[Namespace, "name"] = identity.Name;
        foreach (var (name, value) in identity.Claims)
        {
            metadata[Namespace, name] = value;
        }

        if (_header.Length > 0 && identity.NameBytes.Length > 0)
        {
            headers.Set(_header, identity.NameBytes);
        }

        return new(FilterStatus.Continue);
    }

    private FilterStatus Refuse(HttpExchange exchange, string reason, string detail)
    {
        exchange.Reply(403, reason, Body, "text/plain; charset=utf-8");
        _log.Write(exchange, reason, detail);
        return FilterStatus.Stop;
    }
}
