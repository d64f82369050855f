/* Reads images of 64 bytes, each with a byte for its label, and tells how well and how fast the network reads them. */
#include <stdio.h>
#include <time.h>

#include "digits.h"

enum { MOST = 1000, ROUNDS = 1000 };

static uint8_t images[MOST][DIGITS_FAN_IN + 1];

int main(void)
{
    const size_t n = fread(images, sizeof images[0], MOST, stdin);
    const clock_t begun = clock();
    double right = 0, seconds;
    size_t i;
    int round;

    for (round = 0; round < ROUNDS; round++)
        for (i = 0; i < n; i++)
            right += digits_predict_uint8(images[i]) == images[i][DIGITS_FAN_IN];
    seconds = (double) (clock() - begun) / CLOCKS_PER_SEC;
    right /= ROUNDS * n;
    printf("%.2f %% right in C, %.0f ns for each\n", 100 * right, 1e9 * seconds / ROUNDS / n);
    return 0;
}
