using System.Security.Cryptography.X509Certificates;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>Lets connections pass by who opens them and what for: address, port, TLS name, client certificate.</summary>
[Component("connection_rbac")]
public sealed class ConnectionRbacFilter : IConnectionFilter
{
    private readonly (ConnectionMatch Match, IReadOnlyList<string> Certificates, RbacAction Action)[] _rules;
    private readonly RbacAction _otherwise;
    private readonly Refusals _refusals;

    /// <summary>Reads the rules.</summary>
    /// <exception cref="ArgumentException">A rule cannot be understood.</exception>
    public ConnectionRbacFilter(ConnectionRbacOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        _rules = [.. options.Rules.Select(rule => (new ConnectionMatch(rule.Match), rule.Certificates, rule.Action))];
        _otherwise = options.Otherwise;
        _refusals = new Refusals(context, "connection_rbac");
    }

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next) =>
        Judge(connection) == RbacAction.Allow ? next(connection) : _refusals.Refuse(connection);

    private RbacAction Judge(ConnectionContext connection)
    {
        foreach (var (match, certificates, action) in _rules)
        {
            if (match.Holds(connection) && (certificates.Count == 0 || Shows(ConnectionFacts.CertificateOf(connection), certificates)))
            {
                return action;
            }
        }

        return _otherwise;
    }

    private static bool Shows(X509Certificate2? certificate, IReadOnlyList<string> wanted)
    {
        if (certificate is null)
        {
            return false;
        }

        var details = ClientCertificateDetails.Of(certificate);
        return wanted.Any(name => name == "*" || name == details.Subject
            || details.DnsNames.Contains(name, StringComparer.OrdinalIgnoreCase)
            || details.Uris.Contains(name, StringComparer.Ordinal)
            || details.EmailAddresses.Contains(name, StringComparer.Ordinal));
    }
}
