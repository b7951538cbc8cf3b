using System.Security.Cryptography;

namespace FilterProxy.Core.Components;

/// <summary>What a file, or a folder of files, held when it was looked at: another stamp means another content, whatever its time says.</summary>
/// <param name="Path">The file or folder, absolute.</param>
/// <param name="Hash">SHA-256 of its content, in hex; empty when it could not be read.</param>
internal readonly record struct FileStamp(string Path, string Hash)
{
    // What is larger is no file a configuration is made of; a device has no end at all.
    private const int Most = 64 << 20;

    /// <summary>The files of a folder and of the folders in it, in order; hidden ones and those of editors do not count.</summary>
    public static IEnumerable<string> FilesIn(string folder)
    {
        static IEnumerable<string> Shown(IEnumerable<string> paths) =>
            paths.Where(path => System.IO.Path.GetFileName(path) is { Length: > 0 } name && name[0] != '.' && name[^1] != '~').Order(StringComparer.Ordinal);

        return Shown(Directory.EnumerateFiles(folder)).Concat(Shown(Directory.EnumerateDirectories(folder)).SelectMany(inner => Shown(Directory.EnumerateFiles(inner))));
    }

    public static FileStamp Of(string path)
    {
        if (Directory.Exists(path))
        {
            return OfFolder(path);
        }

        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[64 * 1024];
            for (var total = 0; total < Most && stream.Read(buffer) is > 0 and var count; total += count)
            {
                hash.AppendData(buffer, 0, count);
            }

            return new FileStamp(path, Convert.ToHexString(hash.GetCurrentHash()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return new FileStamp(path, "");
        }
    }

    private static FileStamp OfFolder(string path)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var file in FilesIn(path))
            {
                hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{file}\n{Of(file).Hash}\n"));
            }

            return new FileStamp(path, Convert.ToHexString(hash.GetCurrentHash()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new FileStamp(path, "");
        }
    }
}
