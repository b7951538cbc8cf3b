using System.Security.Cryptography;

namespace FilterProxy.Core.Components;

/// <summary>What a file held when it was looked at: another stamp means another content, whatever its time says.</summary>
/// <param name="Path">The file, absolute.</param>
/// <param name="Hash">SHA-256 of its content, in hex; empty when it could not be read.</param>
internal readonly record struct FileStamp(string Path, string Hash)
{
    public static FileStamp Of(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return new FileStamp(path, Convert.ToHexString(SHA256.HashData(stream)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return new FileStamp(path, "");
        }
    }
}
