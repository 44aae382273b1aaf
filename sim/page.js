/* SPDX-License-Identifier: Apache-2.0 */
'use strict';
(function () {
    var form = document.getElementById('filters'), rows = document.querySelectorAll('#story tbody tr');
    var shown = document.getElementById('shown'), svg = document.querySelector('svg');
    function number(name) { var v = parseFloat(form.elements[name].value); return isNaN(v) ? null : v; }
    function apply() {
        var kinds = {}, text = form.elements.text.value.toLowerCase(), who = form.elements.who.value;
        var from = number('from'), to = number('to'), count = 0;
        form.querySelectorAll('input[type=checkbox]').forEach(function (box) { kinds[box.value] = box.checked; });
        rows.forEach(function (row) {
            var at = parseFloat(row.dataset.at);
            var fits = kinds[row.className] && (!who || row.dataset.who === who) &&
                (from === null || at >= from) && (to === null || at <= to) &&
                (!text || row.textContent.toLowerCase().indexOf(text) >= 0);
            row.hidden = !fits;
            count += fits ? 1 : 0;
        });
        shown.textContent = count + ' of ' + rows.length;
        zoom(from, to);
    }
    function zoom(from, to) {
        var left = parseFloat(svg.dataset.left), width = parseFloat(svg.dataset.width), end = parseFloat(svg.dataset.end);
        var a = from === null ? 0 : Math.max(0, Math.min(from, end)), b = to === null ? end : Math.max(a + end / 1e6, Math.min(to, end));
        var whole = svg.dataset.whole.split(' ');
        var x = a > 0 || b < end ? left + a / end * width : 0;
        var w = a > 0 || b < end ? (b - a) / end * width : parseFloat(whole[2]);
        svg.setAttribute('viewBox', x + ' 0 ' + w + ' ' + whole[3]);
        svg.setAttribute('preserveAspectRatio', a > 0 || b < end ? 'none' : 'xMinYMin meet');
        svg.style.height = a > 0 || b < end ? whole[3] + 'px' : 'auto';
    }
    form.hidden = false;
    form.addEventListener('input', apply);
    form.addEventListener('reset', function () { setTimeout(apply, 0); });
    apply();
}());
