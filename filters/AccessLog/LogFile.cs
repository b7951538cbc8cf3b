namespace FilterProxy.Filters.AccessLog;

/// <summary>
/// What lines are appended to: a file, the console or a pipe. For one thread. A file that was renamed or deleted underneath is found
/// out at most a second later and opened again; one that cannot be written is opened again with the next lines.
/// </summary>
internal sealed class LogFile(string path, TimeProvider time) : ILogTarget
{
    /// <summary>Names the process's own output.</summary>
    public const string StandardOutput = "/dev/stdout";

    /// <summary>Names the process's own error output.</summary>
    public const string StandardError = "/dev/stderr";

    private static readonly TimeSpan RenameCheck = TimeSpan.FromSeconds(1);
    private Stream? _stream;
    private bool _isTorn;
    private long _checked;

    /// <summary>Its length; 0 where it has none.</summary>
    public long Length => _stream is { CanSeek: true } ? _stream.Length : 0;

    /// <summary>When the open file was last written before it was opened; null when it was new or is not open.</summary>
    public DateTime? LastWritten { get; private set; }

    public static bool IsConsole(string path) => path is StandardOutput or StandardError;

    /// <summary>Opens it if it is not open.</summary>
    /// <exception cref="IOException">It cannot be opened. <see cref="UnauthorizedAccessException"/> likewise.</exception>
    public void Open()
    {
        if (_stream is not null)
        {
            return;
        }

        // The console is not opened by name: /dev/stdout cannot be when it is a socket.
        _stream = path switch
        {
            StandardOutput => Console.OpenStandardOutput(),
            StandardError => Console.OpenStandardError(),
            _ => OpenFile(),
        };
        _checked = time.GetTimestamp();
    }

    /// <summary>Appends whole lines, all or none as far as the system allows.</summary>
    public void Write(ReadOnlySpan<byte> lines)
    {
        Open();
        var stream = _stream!;
        var start = -1L;
        try
        {
            if (stream.CanSeek)
            {
                // Not where the last write ended: a copy may have been taken and the file truncated.
                start = stream.Seek(0, SeekOrigin.End);
            }

            if (_isTorn && start != 0)
            {
                stream.Write("\n"u8);
            }

            stream.Write(lines);
            stream.Flush();
            _isTorn = false;
        }
        catch
        {
            // A full disk takes the beginning of what it is given. Without it the next line begins a line.
            _isTorn |= !TryTruncate(stream, start);
            Close();
            throw;
        }
    }

    /// <summary>Opens it under its name when it is no longer the file of that name.</summary>
    public void FollowName()
    {
        if (_stream is not FileStream { CanSeek: true } file || time.GetElapsedTime(_checked) < RenameCheck)
        {
            return;
        }

        _checked = time.GetTimestamp();

        // Two files of the same length need not be told apart: then both are the one that is open, or both are empty.
        var named = new FileInfo(path);
        if (!named.Exists || named.Length != file.Length)
        {
            Close();
            Open();
        }
    }

    /// <summary>Closes it; the next line opens it again under its name.</summary>
    public void Close()
    {
        var stream = _stream;
        _stream = null;
        try
        {
            stream?.Dispose();
        }
        catch (IOException)
        {
            // A stream that failed to write may fail to close; the write was reported.
        }
    }

    public void Dispose() => Close();

    private FileStream OpenFile()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            // Who visited what is not for everybody on the machine.
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        }

        var before = new FileInfo(path);
        LastWritten = before is { Exists: true, Length: > 0 } ? before.LastWriteTimeUtc : null;
        return new FileStream(path, options);
    }

    private static bool TryTruncate(Stream stream, long length)
    {
        try
        {
            if (length < 0)
            {
                return false;
            }

            if (stream.Length > length)
            {
                stream.SetLength(length);
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException or ObjectDisposedException)
        {
            return false;
        }
    }
}
