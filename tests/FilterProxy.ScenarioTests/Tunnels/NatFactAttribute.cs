using FilterProxy.ScenarioTests.Executable;

namespace FilterProxy.ScenarioTests.Tunnels;

/// <summary>A fact about networks with routers that translate addresses (<c>nat.sh</c>); skipped where the machine allows none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NatFactAttribute : CommandFactAttribute
{
    private static readonly string? Reason = Try(
        "networks with NAT of its own are not to be had here: they need user namespaces, ip, nft and nsenter", "there is no shell", "sh", NatNetworks.Script, "check");

    public NatFactAttribute() => Skip = Reason;
}
