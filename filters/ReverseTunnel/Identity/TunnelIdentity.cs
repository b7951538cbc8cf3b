using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace FilterProxy.Filters.ReverseTunnel.Identity;

/// <summary>
/// Who an agent is: its node, the cluster of like nodes it belongs to, and the tenant both are of. Written <c>node:cluster:tenant</c>. Nothing about it is
/// believed until a credential has proved it.
/// </summary>
internal sealed record TunnelIdentity
{
    /// <summary>The most characters of a part.</summary>
    public const int Longest = 128;

    // None of these separates anything wherever identities are written: addresses, patterns, certificates' names, headers, logs.
    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    /// <exception cref="ArgumentException">It is none; the message says why.</exception>
    public TunnelIdentity(string node, string cluster, string tenant)
    {
        if (ProblemOf(node, cluster, tenant) is { } problem)
        {
            throw new ArgumentException(problem);
        }

        (Node, Cluster, Tenant) = (node, cluster, tenant);
    }

    /// <summary>The agent itself; unique in its tenant.</summary>
    public string Node { get; }

    /// <summary>What it belongs to: any node of a cluster can serve for it.</summary>
    public string Cluster { get; }

    /// <summary>Whose it is; empty for nobody's, which only an address may say.</summary>
    public string Tenant { get; }

    /// <summary>Makes one of its parts, or says what is wrong with them.</summary>
    public static bool TryCreate(string node, string cluster, string tenant, [NotNullWhen(true)] out TunnelIdentity? identity, out string problem)
    {
        problem = ProblemOf(node, cluster, tenant) ?? "";
        identity = problem.Length == 0 ? new TunnelIdentity(node, cluster, tenant) : null;
        return identity is not null;
    }

    /// <summary>Reads <c>node:cluster:tenant</c>, or says what is wrong with it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out TunnelIdentity? identity, out string problem)
    {
        var parts = text.Split(':');
        if (parts.Length == 3)
        {
            return TryCreate(parts[0], parts[1], parts[2], out identity, out problem);
        }

        (identity, problem) = (null, "expected node:cluster:tenant");
        return false;
    }

    /// <summary>Whether a text may be a node, a cluster or a tenant.</summary>
    public static bool IsPart(string text) => text.Length is > 0 and <= Longest && !text.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>A text somebody else chose, fit for a line of a log.</summary>
    public static string Show(string? text) => text is null ? "-" : IsPart(text) ? text : string.Concat(text.Take(Longest).Select(c => c is > ' ' and <= '~' ? c : '?'));

    public override string ToString() => $"{Node}:{Cluster}:{Tenant}";

    private static string? ProblemOf(string node, string cluster, string tenant) =>
        node.Length == 0 ? "the node is empty"
        : cluster.Length == 0 ? "the cluster is empty"
        : !IsPart(node) ? ProblemOf("node")
        : !IsPart(cluster) ? ProblemOf("cluster")
        : tenant.Length > 0 && !IsPart(tenant) ? ProblemOf("tenant")
        : node == cluster ? "node and cluster are the same, so that neither could be asked for"
        : null;

    private static string ProblemOf(string part) => $"the {part} is not 1 to {Longest} letters, digits, '-', '.', '_' and '~'";
}
