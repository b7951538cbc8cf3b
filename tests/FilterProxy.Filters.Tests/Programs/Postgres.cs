namespace FilterProxy.Filters.Tests.Programs;

/// <summary>A PostgreSQL server with an empty database, which must not run as root and then runs as its own user.</summary>
internal static class Postgres
{
    private const string User = "postgres";

    /// <summary>Where its programs are; null when it is not installed. Debian keeps them out of the PATH, by version.</summary>
    public static string? Programs => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(folder => Path.Combine(folder, "bin")).LastOrDefault(Directory.Exists)
        : null;

    /// <summary>Makes a database in a folder that others can look into.</summary>
    public static async Task<string> CreateAsync(ScratchFolder folder)
    {
        var data = folder["data"];
        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_101_101);
        }

        Directory.CreateDirectory(data);
        if (Environment.UserName == "root")
        {
            await ProgramRun.OfAsync("chown", User, data);
        }

        await ProgramRun.OfAsync(As("initdb")[0], [.. As("initdb")[1..], "-D", data, "-A", "trust", "-U", User, "--no-sync", "-E", "UTF8", "--locale=C"]);
        return data;
    }

    public static Task<ExternalProgram> StartAsync(ScratchFolder folder, string data, int port)
    {
        var command = As("postgres");
        return ExternalProgram.StartAsync(
            command[0],
            [.. command[1..], "-D", data, "-p", $"{port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"],
            folder.Path,
            [port]);
    }

    private static string[] As(string program)
    {
        var path = Path.Combine(Programs!, program);
        return Environment.UserName == "root" ? ["runuser", "-u", User, "--", path] : [path];
    }
}
