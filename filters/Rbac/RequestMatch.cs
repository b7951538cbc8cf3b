using System.Net;
using System.Net.Sockets;
using System.Text;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.Rbac;

/// <summary>Conditions on a request, ready to be asked; allocates nothing.</summary>
internal sealed class RequestMatch
{
    private readonly RbacMatchOptions _options;
    private readonly PathRule[] _paths;
    private readonly byte[][] _methods;
    private readonly (string Name, string[] Values)[] _claims;
    private readonly (byte[] Name, byte[][] Values)[] _headers;
    private readonly (string Namespace, string Key, string[] Values)[] _metadata;
    private readonly IPNetwork[] _networks;
    private readonly string[] _principals, _roles, _scopes;
    private readonly TimeWindow? _time;

    public RequestMatch(RbacMatchOptions options)
    {
        _options = options;
        _paths = [.. options.Path.Select(PathRule.Parse)];
        _methods = [.. options.Methods.Select(Encoding.ASCII.GetBytes)];
        (_principals, _roles, _scopes) = ([.. options.Principals], [.. options.Roles], [.. options.Scopes]);
        _claims = [.. options.Claims.Select(claim => (claim.Key, claim.Value.ToArray()))];
        _headers = [.. options.Headers.Select(header => (Encoding.ASCII.GetBytes(header.Key), header.Value.Select(Encoding.UTF8.GetBytes).ToArray()))];
        _metadata = [.. options.Metadata.Select(value => (value.Key[..value.Key.IndexOf(':', StringComparison.Ordinal)], value.Key[(value.Key.IndexOf(':', StringComparison.Ordinal) + 1)..], value.Value.ToArray()))];
        _networks = [.. options.Ip];
        _time = options.Time is { } time ? new TimeWindow(time) : null;
    }

    public bool Fits(HttpExchange exchange, PrincipalFacts user, DateTimeOffset now) =>
        FitsPath(exchange.Request.Path) && FitsMethod(exchange.Request.Method) && FitsUser(user) && FitsNetwork(exchange.Downstream.ClientAddress)
        && FitsHeaders(exchange.Request.Headers) && FitsMetadata(exchange) && _time?.Contains(now) != false;

    private bool FitsPath(ReadOnlySpan<byte> path)
    {
        foreach (var rule in _paths)
        {
            if (rule.Matches(path))
            {
                return true;
            }
        }

        return _paths.Length == 0;
    }

    private bool FitsMethod(ReadOnlySpan<byte> method) => _methods.Length == 0 || IsAmong(method, _methods);

    private bool FitsUser(PrincipalFacts user)
    {
        if ((_options.Authenticated is { } expected && expected != user.IsAuthenticated)
            || (_principals.Length > 0 && (user.Name.Length == 0 || Array.IndexOf(_principals, user.Name) < 0)))
        {
            return false;
        }

        var hasRole = _roles.Length == 0;
        foreach (var role in _roles)
        {
            hasRole |= user.Roles.Contains(role);
        }

        foreach (var scope in _scopes)
        {
            hasRole &= user.Scopes.Contains(scope);
        }

        foreach (var (name, values) in _claims)
        {
            var claim = user.Claim(name);
            var hasValue = claim is not null && values.Length == 0;
            foreach (var value in values)
            {
                hasValue |= claim?.Contains(value) == true;
            }

            hasRole &= hasValue;
        }

        return hasRole;
    }

    // A client without an address, on a unix socket, is in no network.
    private bool FitsNetwork(IPAddress? address)
    {
        if (_networks.Length == 0 || address is null)
        {
            return _networks.Length == 0;
        }

        foreach (var network in _networks)
        {
            if (address.IsIPv4MappedToIPv6 && network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? network.Contains(address.MapToIPv4()) : network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    private bool FitsHeaders(HeaderMap headers)
    {
        foreach (var (name, values) in _headers)
        {
            var fits = false;
            foreach (var line in headers.Values(name))
            {
                fits |= values.Length == 0 || IsAmong(line, values);
            }

            if (!fits)
            {
                return false;
            }
        }

        return true;
    }

    private bool FitsMetadata(HttpExchange exchange)
    {
        foreach (var (ns, key, values) in _metadata)
        {
            if (!exchange.HasMetadata || exchange.Metadata[ns, key] is not { } value || (values.Length > 0 && Array.IndexOf(values, value) < 0))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsAmong(ReadOnlySpan<byte> text, byte[][] values)
    {
        foreach (var value in values)
        {
            if (text.SequenceEqual(value))
            {
                return true;
            }
        }

        return false;
    }
}
