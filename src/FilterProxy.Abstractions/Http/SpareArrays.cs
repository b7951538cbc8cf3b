using System.Buffers;

namespace FilterProxy;

/// <summary>
/// Arrays that an exchange needs while it runs. The thread keeps what is given back and hands out the last one first, which is
/// still in the processor's cache; what it has too few or too many of is the shared pool's.
/// </summary>
/// <remarks>All who rent arrays of one type ask for the same length.</remarks>
internal static class SpareArrays<T>
    where T : struct
{
    // As many as the exchanges under way on one loop may want; of the largest use 512 KiB.
    private const int Most = 256;

    [ThreadStatic]
    private static T[][]? _spares;

    [ThreadStatic]
    private static int _count;

    public static T[] Rent(int length)
    {
        if (_count > 0)
        {
            return _spares![--_count];
        }

        return ArrayPool<T>.Shared.Rent(length);
    }

    /// <param name="array">Nobody uses it any more. One of another length goes to the shared pool.</param>
    /// <param name="length">What is asked for in <see cref="Rent"/>.</param>
    public static void Return(T[] array, int length)
    {
        if (array.Length == length && _count < Most)
        {
            (_spares ??= new T[Most][])[_count++] = array;
        }
        else
        {
            ArrayPool<T>.Shared.Return(array);
        }
    }
}
