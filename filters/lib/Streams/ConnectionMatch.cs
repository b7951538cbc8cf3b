using System.Net.Security;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.Streams;

/// <summary>Tells whether a connection is one of those a rule is about.</summary>
internal sealed class ConnectionMatch
{
    private static readonly string[] KnownProtocols = ["http1", "h2c", "tls", "ssh", "unknown"];
    private readonly ConnectionMatchOptions _options;
    private readonly HashSet<string> _names;
    private readonly string[] _domains;
    private readonly List<SslApplicationProtocol> _alpn;

    /// <exception cref="ArgumentException">A name or a protocol is none.</exception>
    public ConnectionMatch(ConnectionMatchOptions options)
    {
        _options = options;
        foreach (var name in options.ServerNames)
        {
            var plain = name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name;
            if (Uri.CheckHostName(plain) != UriHostNameType.Dns || plain.EndsWith('.'))
            {
                throw new ArgumentException($"server_names: '{name}' is no name like 'db.example.com' or '*.example.com'");
            }
        }

        foreach (var protocol in options.Protocols)
        {
            if (!KnownProtocols.Contains(protocol))
            {
                throw new ArgumentException($"protocols: '{protocol}' is none of {string.Join(", ", KnownProtocols)}");
            }
        }

        if (options.Alpn.FirstOrDefault(p => p.Length is 0 or > 255 || p.Any(c => c is < '!' or > '~')) is { } bad)
        {
            throw new ArgumentException($"alpn: '{bad}' is no protocol's name of 1 to 255 characters of ASCII");
        }

        _names = new HashSet<string>(options.ServerNames.Where(n => n[0] != '*'), StringComparer.OrdinalIgnoreCase);
        _domains = [.. options.ServerNames.Where(n => n[0] == '*').Select(n => n[1..])];
        _alpn = [.. options.Alpn.Select(p => new SslApplicationProtocol(p))];
    }

    /// <summary>Whether it needs to know what the client said in TLS.</summary>
    public bool AsksForTls => _options.ServerNames.Count + _alpn.Count + _options.Fingerprints.Count > 0;

    /// <summary>Whether it needs to know what the client speaks.</summary>
    public bool AsksForProtocol => _options.Protocols.Count > 0;

    public bool Holds(ConnectionContext connection) =>
        (_options.ServerNames.Count == 0 || HasName(ConnectionFacts.ServerNameOf(connection)))
        && (_alpn.Count == 0 || ConnectionFacts.HasProtocol(connection, _alpn))
        && (_options.Sources.Count == 0 || ComesFrom(connection))
        && (_options.Ports.Count == 0 || HasPort(ConnectionFacts.PortOf(connection)))
        && (_options.Protocols.Count == 0 || (connection.Features.Get<DetectedProtocol>() is { } found && _options.Protocols.Contains(found.Name)))
        && (_options.Fingerprints.Count == 0
            || (connection.Features.Get<TlsClientHello>()?.Fingerprint is { } fingerprint && _options.Fingerprints.Contains(fingerprint)));

    private bool HasName(string name)
    {
        if (name.Length == 0)
        {
            return false;
        }

        if (_names.Contains(name))
        {
            return true;
        }

        foreach (var domain in _domains)
        {
            if (name.Length > domain.Length && name.EndsWith(domain, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private bool ComesFrom(ConnectionContext connection)
    {
        if (ConnectionFacts.AddressOf(connection) is not { } address)
        {
            return false;
        }

        foreach (var network in _options.Sources)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    private bool HasPort(int port)
    {
        foreach (var range in _options.Ports)
        {
            if (range.Contains(port))
            {
                return true;
            }
        }

        return false;
    }
}
