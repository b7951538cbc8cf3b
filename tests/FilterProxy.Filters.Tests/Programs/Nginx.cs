namespace FilterProxy.Filters.Tests.Programs;

/// <summary>nginx, with every file of its own in the test's folder.</summary>
internal static class Nginx
{
    /// <param name="folder">The test's.</param>
    /// <param name="ports">What it will listen on.</param>
    /// <param name="config">An <c>http</c> block.</param>
    public static Task<ExternalProgram> StartAsync(ScratchFolder folder, IEnumerable<int> ports, string config)
    {
        var file = folder.Write("nginx.conf", $$"""
            daemon off;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            worker_processes 1;
            pid {{folder["nginx.pid"]}};
            error_log {{folder["error.log"]}} info;
            events { worker_connections 64; }
            {{config}}
            """);
        return ExternalProgram.StartAsync("nginx", ["-p", folder.Path, "-c", file, "-e", folder["error.log"]], folder.Path, ports);
    }
}
