using System.Globalization;
using System.Text;
using FilterProxy.Filters.Http;
using Microsoft.Win32.SafeHandles;

namespace FilterProxy.Filters.StaticFiles;

/// <summary>An open file, with what tells its version from others. Whoever opened it disposes it, or hands its handle on.</summary>
internal sealed class FoundFile : IDisposable
{
    private FoundFile(SafeFileHandle handle, DateTime written, string suffix)
    {
        Handle = handle;
        Length = RandomAccess.GetLength(handle);
        Modified = new DateTimeOffset(written).ToUnixTimeSeconds();
        ETag = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"{written.Ticks:x}-{Length:x}{suffix}\""));
    }

    public SafeFileHandle Handle { get; }

    public long Length { get; }

    /// <summary>Seconds since 1970.</summary>
    public long Modified { get; }

    /// <summary>Strong.</summary>
    public byte[] ETag { get; }

    /// <summary>Opens a file; null where there is none, or it may not be read.</summary>
    /// <param name="path">Where.</param>
    /// <param name="suffix">Put into the entity tag.</param>
    public static FoundFile? TryOpen(string path, string suffix = "")
    {
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists)
            {
                return null;
            }

            var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
            return new FoundFile(handle, File.GetLastWriteTimeUtc(handle), suffix);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Writes Last-Modified and ETag.</summary>
    public void WriteValidators(HeaderMap headers)
    {
        Span<byte> date = stackalloc byte[HttpTime.Length];
        HttpTime.Format(Modified, date);
        headers.Set(KnownHeader.LastModified, date);
        headers.Set(KnownHeader.ETag, ETag);
    }

    public void Dispose() => Handle.Dispose();
}
