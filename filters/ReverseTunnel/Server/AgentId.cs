namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>What names an agent at a server: its node, apart from those of other tenants.</summary>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Node">Which it is of theirs.</param>
internal readonly record struct AgentId(string Tenant, string Node)
{
    public override string ToString() => $"{Tenant}/{Node}";
}
