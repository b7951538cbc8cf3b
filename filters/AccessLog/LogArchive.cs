using System.Globalization;
using System.IO.Compression;

namespace FilterProxy.Filters.AccessLog;

/// <summary>The old files of a log, each named by the time it was put aside: <c>access.log.20260102-030405.678</c>, <c>….gz</c>.</summary>
internal sealed class LogArchive(string path)
{
    private const string TimeFormat = "yyyyMMdd-HHmmss.fff";
    private const string Compressed = ".gz";
    private const string Unfinished = ".tmp";

    /// <summary>Puts the file aside.</summary>
    public void Add(DateTime now)
    {
        string name;
        do
        {
            name = path + "." + now.ToString(TimeFormat, CultureInfo.InvariantCulture);
            now = now.AddMilliseconds(1);
        }
        while (File.Exists(name) || File.Exists(name + Compressed));

        File.Move(path, name);
    }

    /// <summary>Deletes all but the newest and compresses what is not yet.</summary>
    public void Tidy(int keep, bool compress, CancellationToken stop)
    {
        var files = Files();
        foreach (var old in files.Take(Math.Max(0, files.Count - keep)))
        {
            File.Delete(old);
        }

        // What an end in the middle of compressing left behind.
        foreach (var rest in FilesEndingIn(Unfinished))
        {
            File.Delete(rest);
        }

        foreach (var file in files.Skip(Math.Max(0, files.Count - keep)).Where(f => compress && !f.EndsWith(Compressed, StringComparison.Ordinal)))
        {
            if (stop.IsCancellationRequested)
            {
                return;
            }

            Compress(file, stop);
        }
    }

    /// <summary>From the oldest to the newest.</summary>
    public IReadOnlyList<string> Files() => FilesEndingIn("");

    private List<string> FilesEndingIn(string end)
    {
        return [.. Directory.EnumerateFiles(Path.GetDirectoryName(path)!)
            .Where(file => file.Length > path.Length + end.Length && file.StartsWith(path + ".", StringComparison.Ordinal)
                && file.EndsWith(end, StringComparison.Ordinal) && IsTime(file.AsSpan((path.Length + 1)..^end.Length)))
            .Order(StringComparer.Ordinal)];
    }

    private static bool IsTime(ReadOnlySpan<char> suffix)
    {
        var time = suffix.EndsWith(Compressed, StringComparison.Ordinal) ? suffix[..^Compressed.Length] : suffix;
        return DateTime.TryParseExact(time, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
    }

    private static void Compress(string file, CancellationToken stop)
    {
        // Under another name until it is complete: an end in between leaves the file as it was.
        var unfinished = file + Compressed + Unfinished;
        try
        {
            using (var source = File.OpenRead(file))
            using (var target = new GZipStream(File.Create(unfinished), CompressionLevel.Optimal))
            {
                var buffer = new byte[64 * 1024];
                for (var read = source.Read(buffer); read > 0; read = source.Read(buffer))
                {
                    if (stop.IsCancellationRequested)
                    {
                        return;
                    }

                    target.Write(buffer.AsSpan(0, read));
                }
            }

            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(unfinished, File.GetUnixFileMode(file));
            }

            File.Move(unfinished, file + Compressed, overwrite: true);
            File.Delete(file);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }
}
