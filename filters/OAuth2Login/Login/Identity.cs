using System.Text;
using FilterProxy.Filters.OAuth2Login.Sessions;

namespace FilterProxy.Filters.OAuth2Login.Login;

/// <summary>
/// Tells the other filters and the upstream who it is. What clients send in the same fields goes first, also where an underscore stands for a hyphen:
/// some upstreams take both for the same.
/// </summary>
internal sealed class Identity
{
    private readonly TokenRelay _relay;
    private readonly (byte[] Name, string Claim)[] _fields;

    public Identity(TokenRelay relay, IReadOnlyDictionary<string, string> claimHeaders)
    {
        _relay = relay;
        _fields = [.. claimHeaders.Select(header => (Encoding.ASCII.GetBytes(header.Key.ToLowerInvariant()), header.Value))];
    }

    /// <summary>Takes away what only this proxy may say.</summary>
    public void Strip(RequestHead request)
    {
        if (_relay != TokenRelay.None)
        {
            request.Headers.Remove(KnownHeader.Authorization);
        }

        StripFields(request);
    }

    public void Tell(HttpExchange exchange, Session session)
    {
        var request = exchange.Request;
        Strip(request);
        if (_relay == TokenRelay.AccessToken)
        {
            request.Headers.Set(KnownHeader.Authorization, session.Bearer);
        }
        else if (_relay == TokenRelay.IdToken && session.IdBearer.Length > 0)
        {
            request.Headers.Set(KnownHeader.Authorization, session.IdBearer);
        }

        foreach (var (name, claim) in _fields)
        {
            if (session.FieldOf(claim) is { Length: > 0 } value)
            {
                request.Headers.Set(name, value);
            }
        }

        exchange.User = session.Principal;
        var metadata = exchange.Metadata;
        metadata["oauth2_login", "sub"] = session.Data.Subject;
        metadata["oauth2_login", "iss"] = session.Data.Issuer;
        metadata["oauth2_login", "roles"] = session.RolesText;
        metadata["oauth2_login", "scope"] = session.Data.Scope;
    }

    private void StripFields(RequestHead request)
    {
        foreach (var (name, _) in _fields)
        {
            request.Headers.Remove(name);
            while (FindLookalike(request.Headers, name, out var found))
            {
                request.Headers.Remove(found);
            }
        }
    }

    private static bool FindLookalike(HeaderMap headers, byte[] name, out ReadOnlySpan<byte> found)
    {
        foreach (var field in headers)
        {
            if (field.Name.Length == name.Length && field.Name.Contains((byte)'_') && IsLookalike(field.Name, name))
            {
                found = field.Name;
                return true;
            }
        }

        found = default;
        return false;
    }

    private static bool IsLookalike(ReadOnlySpan<byte> sent, byte[] name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            var (a, b) = (Fold(sent[i]), Fold(name[i]));
            if (a != b)
            {
                return false;
            }
        }

        return true;
    }

    private static byte Fold(byte b) => b == (byte)'_' ? (byte)'-' : b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b;
}
