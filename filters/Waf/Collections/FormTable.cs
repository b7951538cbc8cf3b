using FilterProxy.Filters.Waf.Transformations;

namespace FilterProxy.Filters.Waf.Collections;

/// <summary>
/// The lists of transformations that rules use, as a tree: each is another one and a step more, so that what several rules begin with is done once
/// for a value. Number 0 is the value as it came.
/// </summary>
internal sealed class FormTable
{
    private readonly List<(int Parent, Transformation? Step)> _forms = [(0, null)];
    private readonly Dictionary<(int Parent, string Step), int> _known = [];

    public int Count => _forms.Count;

    /// <summary>The number of a list; made where there is none yet.</summary>
    public int NumberOf(IEnumerable<Transformation> steps) => steps.Aggregate(0, Append);

    /// <summary>The numbers on the way to a list, the value as it came first.</summary>
    public int[] PathTo(int form)
    {
        var path = new Stack<int>();
        for (; form != 0; form = _forms[form].Parent)
        {
            path.Push(form);
        }

        path.Push(0);
        return [.. path];
    }

    public (int Parent, Transformation? Step) this[int form] => _forms[form];

    private int Append(int parent, Transformation step)
    {
        if (!_known.TryGetValue((parent, step.Name), out var number))
        {
            number = _forms.Count;
            _forms.Add((parent, step));
            _known[(parent, step.Name)] = number;
        }

        return number;
    }
}
