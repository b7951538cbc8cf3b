using System.Diagnostics.CodeAnalysis;

namespace FilterProxy.Filters.ReverseTunnel.Identity;

/// <summary>Which agents something is about, written as an identity: <c>edge-*:shop:acme</c>. Each part may have one <c>*</c>, which stands for any text.</summary>
internal sealed class IdentityPattern
{
    private readonly string _node, _cluster, _tenant;

    private IdentityPattern(string node, string cluster, string tenant) => (_node, _cluster, _tenant) = (node, cluster, tenant);

    /// <summary>Reads one, or says what is wrong with it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IdentityPattern? pattern, out string problem)
    {
        pattern = text.Split(':') is [var node, var cluster, var tenant] && IsPart(node) && IsPart(cluster) && IsPart(tenant) ? new IdentityPattern(node, cluster, tenant) : null;
        problem = pattern is null ? $"'{text}' is not node:cluster:tenant with at most one '*' in each" : "";
        return pattern is not null;
    }

    /// <summary>Whether a text may be a part of a pattern: one of an identity, with at most one star.</summary>
    public static bool IsPart(string text) =>
        text == "*" || TunnelIdentity.IsPart(text.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star ? text.Remove(star, 1) : text);

    public bool Fits(TunnelIdentity identity) => Fits(_node, identity.Node) && Fits(_cluster, identity.Cluster) && Fits(_tenant, identity.Tenant);

    /// <summary>Whether a text is what a pattern with at most one star stands for.</summary>
    public static bool Fits(string pattern, string text)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0
            ? text == pattern
            : text.Length >= pattern.Length - 1 && text.StartsWith(pattern[..star], StringComparison.Ordinal) && text.EndsWith(pattern[(star + 1)..], StringComparison.Ordinal);
    }

    public override string ToString() => $"{_node}:{_cluster}:{_tenant}";
}
