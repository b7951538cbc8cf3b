using System.Security.Cryptography;

namespace FilterProxy.Core.Components;

/// <summary>What a file held when it was looked at: another stamp means another content, whatever its time says.</summary>
/// <param name="Path">The file, absolute.</param>
/// <param name="Hash">SHA-256 of its content, in hex; empty when it could not be read.</param>
internal readonly record struct FileStamp(string Path, string Hash)
{
    // What is larger is no file a configuration is made of; a device has no end at all.
    private const int Most = 64 << 20;

    public static FileStamp Of(string path)
    {
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
}
