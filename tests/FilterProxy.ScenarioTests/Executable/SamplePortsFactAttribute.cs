using System.Net;
using System.Net.Sockets;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

/// <summary>A fact about the default configuration, whose sample apps have the fixed ports 3000 to 3005; skipped where one is taken.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SamplePortsFactAttribute : FactAttribute
{
    // Asked once, before any test starts sample apps itself.
    private static readonly int? Taken = Enumerable.Range(3000, 6).Select(port => (int?)port).FirstOrDefault(port => IsTaken(port!.Value));

    public SamplePortsFactAttribute()
    {
        Skip = Taken is null ? null : $"port {Taken} of the sample apps is taken by another program";
    }

    private static bool IsTaken(int port)
    {
        using var listener = new TcpListener(IPAddress.Any, port);
        try
        {
            listener.Start();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
