namespace FilterProxy.ScenarioTests.Executable;

/// <summary>A fact about a network that is the test's own (unshare(1)); skipped where the machine allows none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OwnNetworkFactAttribute : CommandFactAttribute
{
    private static readonly string? Reason = Try(
        "a network namespace of its own is not allowed here", "unshare is not installed", "unshare", "-rn", "ip", "link", "set", "lo", "up");

    public OwnNetworkFactAttribute() => Skip = Reason;
}
