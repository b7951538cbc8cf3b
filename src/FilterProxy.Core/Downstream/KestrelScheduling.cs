using System.IO.Pipelines;
using System.Reflection;
using Microsoft.AspNetCore.Hosting.Server;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// Where Kestrel's HTTP/2 engine runs. It goes over to the thread pool to read what came in, to begin each stream and to write what they answer:
/// three threads woken for a request. The engine can do all of it where it stands, but has no public word for that (ADR 0052).
/// </summary>
internal static class KestrelScheduling
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Has a server that has not started yet stay on the thread that brought it data. False where this Kestrel cannot be told.</summary>
    public static bool TryStayOnThread(IServer server)
    {
        var context = server.GetType().GetProperty("ServiceContext", Any)?.GetValue(server);
        if (context?.GetType().GetProperty("Scheduler", Any) is not { CanWrite: true } scheduler || scheduler.PropertyType != typeof(PipeScheduler))
        {
            return false;
        }

        scheduler.SetValue(context, PipeScheduler.Inline);
        return true;
    }
}
