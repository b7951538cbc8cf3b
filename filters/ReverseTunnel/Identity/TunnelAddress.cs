using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace FilterProxy.Filters.ReverseTunnel.Identity;

/// <summary>An agent's address: who it is, whom it dials, and how many connections it keeps to each of that one's endpoints. Written <c>rc://node:cluster:tenant@server:count</c>.</summary>
/// <param name="Identity">Who.</param>
/// <param name="Server">Whom: the name of a cluster of the agent's.</param>
/// <param name="Count">Connections to each endpoint, 1 to <see cref="MostConnections"/>.</param>
internal sealed record TunnelAddress(TunnelIdentity Identity, string Server, int Count)
{
    public const string Scheme = "rc://";
    public const int MostConnections = 1024;

    /// <summary>Reads one, or says what is wrong with it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out TunnelAddress? address, out string problem)
    {
        address = null;
        if (!text.StartsWith(Scheme, StringComparison.Ordinal) || text[Scheme.Length..].Split('@') is not [var who, var where])
        {
            problem = $"expected {Scheme}node:cluster:tenant@server:count";
            return false;
        }

        if (!TunnelIdentity.TryParse(who, out var identity, out problem))
        {
            return false;
        }

        if (where.Split(':') is not [var server, var count] || !TunnelIdentity.IsPart(server)
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var connections) || connections is < 1 or > MostConnections)
        {
            problem = $"expected the name of a cluster and a number from 1 to {MostConnections} after '@', as in server:4";
            return false;
        }

        address = new TunnelAddress(identity, server, connections);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Scheme}{Identity}@{Server}:{Count}");
}
