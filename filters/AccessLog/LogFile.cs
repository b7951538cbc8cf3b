using System.Collections.Concurrent;

namespace FilterProxy.Filters.AccessLog;

/// <summary>
/// The file lines are appended to. A file that was renamed or deleted underneath (log rotation) is found out at most a second
/// later and opened again; one that cannot be written is tried again with the next batch.
/// </summary>
internal sealed class LogFile(string path, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan RotationCheck = TimeSpan.FromSeconds(1);

    // FileMode.Append does not open with O_APPEND: two filters on one file (two routes, or the old and the new one during a
    // reload) would overwrite each other's lines. They take turns, and each goes to the end first.
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> Turns = new();

    private readonly SemaphoreSlim _turn = Turns.GetOrAdd(path, static _ => new SemaphoreSlim(1));
    private Stream? _stream;
    private long _checked;

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
            "/dev/stdout" => Console.OpenStandardOutput(),
            "/dev/stderr" => Console.OpenStandardError(),
            _ => new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0),
        };
        _checked = time.GetTimestamp();
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> lines)
    {
        await _turn.WaitAsync();
        try
        {
            ReopenIfRotated();
            Open();
            if (_stream!.CanSeek)
            {
                _stream.Seek(0, SeekOrigin.End);
            }

            await _stream.WriteAsync(lines);
            await _stream.FlushAsync();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        var stream = _stream;
        _stream = null;
        if (stream is null)
        {
            return;
        }

        try
        {
            await stream.DisposeAsync();
        }
        catch (IOException)
        {
            // A stream that failed to write may fail to close; the write was reported.
        }
    }

    private void ReopenIfRotated()
    {
        if (_stream is not FileStream { CanSeek: true } file || time.GetElapsedTime(_checked) < RotationCheck)
        {
            return;
        }

        _checked = time.GetTimestamp();

        // Two files of the same length need not be told apart: then both are the one that is open, or both are empty.
        var named = new FileInfo(path);
        if (!named.Exists || named.Length != file.Length)
        {
            file.Dispose();
            _stream = null;
        }
    }
}
