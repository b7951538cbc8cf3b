using System.Globalization;
using System.Text;

namespace FilterProxy.Core.Config.Tree;

/// <summary>Files read whole, up to a limit; what goes wrong is a value.</summary>
internal static class FileText
{
    /// <summary>The bytes of a file, or why there are none.</summary>
    public static bool TryRead(string path, int limit, out byte[] bytes, out string error, out string? hint)
    {
        (bytes, error, hint) = ([], "", null);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

            // A device has no length; a file may be longer by the time it is read.
            var content = new byte[stream is { CanSeek: true, Length: > 0 } ? Math.Min(limit, stream.Length) + 1 : limit + 1];
            var length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            bytes = content[..length];
            if (length <= limit)
            {
                return true;
            }

            error = string.Create(CultureInfo.InvariantCulture, $"the file is larger than {new ByteSize(limit)}");
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            error = "there is no such file";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            (error, hint) = ("the file cannot be read", Directory.Exists(path) ? "it is a folder" : failure.Message);
        }

        return false;
    }

    /// <summary>The text of UTF-8 bytes with or without a byte order mark; on failure the index of the first wrong byte.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out string text, out int wrong)
    {
        var content = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        try
        {
            (text, wrong) = (new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content), 0);
            return true;
        }
        catch (DecoderFallbackException error)
        {
            (text, wrong) = (Encoding.UTF8.GetString(content[..error.Index]), error.Index);
            return false;
        }
    }
}
