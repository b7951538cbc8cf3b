namespace FilterProxy.Filters.Tests.Programs;

/// <summary>A dnsmasq that knows one name, <c>a.example</c>.</summary>
internal static class DnsServer
{
    /// <summary>The address of that name.</summary>
    public const string Answer = "192.0.2.7";

    /// <summary>Starts it at a port of 127.0.0.1, UDP and TCP.</summary>
    public static Task<ExternalProgram> StartAsync(ScratchFolder folder, int port) => ExternalProgram.StartAsync(
        "dnsmasq",
        ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1", "--pid-file=", $"--user={Environment.UserName}",
            $"--port={port}", $"--address=/a.example/{Answer}", "--conf-file=/dev/null"],
        folder.Path,
        [port]);

    /// <summary>Asks a port of 127.0.0.1 for the name, over UDP.</summary>
    public static async Task<string> AskAsync(int port) => (await ProgramRun.OfAsync("dig", "@127.0.0.1", "-p", $"{port}", "+short", "+notcp", "a.example")).Trim();
}
