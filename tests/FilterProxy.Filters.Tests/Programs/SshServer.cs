using System.Security.Cryptography;
using Xunit;

namespace FilterProxy.Filters.Tests.Programs;

/// <summary>An sshd with keys of its own, and clients that have them.</summary>
internal sealed class SshServer : IAsyncDisposable
{
    private readonly ScratchFolder _folder;
    private readonly ExternalProgram _server;
    private readonly string[] _options;

    private SshServer(ScratchFolder folder, ExternalProgram server, int port)
    {
        (_folder, _server, Port) = (folder, server, port);
        _options = ["-i", folder["user"], "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"];
    }

    public int Port { get; }

    public static async Task<SshServer> StartAsync()
    {
        var folder = new ScratchFolder();
        try
        {
            foreach (var key in new[] { "host", "user" })
            {
                await ProgramRun.OfAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder[key]);
            }

            if (Environment.UserName == "root")
            {
                Directory.CreateDirectory("/run/sshd");
            }

            var port = ExternalProgram.FreePort();
            var config = folder.Write("sshd_config", $"""
                Port {port}
                ListenAddress 127.0.0.1
                HostKey {folder["host"]}
                AuthorizedKeysFile {folder["user.pub"]}
                StrictModes no
                UsePAM no
                PidFile none
                PermitRootLogin yes
                Subsystem sftp internal-sftp

                """);
            return new SshServer(folder, await ExternalProgram.StartAsync("sshd", ["-D", "-e", "-f", config], folder.Path, [port]), port);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Runs a command there, by way of a port.</summary>
    public Task<string> RunAsync(int port, string command) => ProgramRun.OfAsync("ssh", [.. _options, "-p", $"{port}", $"{Environment.UserName}@127.0.0.1", command]);

    /// <summary>Copies a file of random bytes there and back by way of a port; what came back must be the same.</summary>
    public async Task CopyThereAndBackAsync(int port, long length)
    {
        await using (var file = File.Create(_folder["there"]))
        {
            var piece = new byte[1 << 20];
            for (long at = 0; at < length; at += piece.Length)
            {
                RandomNumberGenerator.Fill(piece);
                await file.WriteAsync(piece.AsMemory(0, (int)Math.Min(piece.Length, length - at)));
            }
        }

        var remote = $"{Environment.UserName}@127.0.0.1:{_folder["copied"]}";
        await ScpAsync(_folder["there"], remote);
        await ScpAsync(remote, _folder["back"]);
        Assert.Equal(length, new FileInfo(_folder["back"]).Length);
        Assert.Equal(await HashAsync("there"), await HashAsync("back"));

        Task<string> ScpAsync(string from, string to) => ProgramRun.OfAsync("scp", TimeSpan.FromMinutes(4), [.. _options, "-P", $"{port}", from, to]);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<byte[]> HashAsync(string name)
    {
        await using var file = File.OpenRead(_folder[name]);
        return await SHA256.HashDataAsync(file);
    }
}
